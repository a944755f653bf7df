"""Sphinx extension: a proof may be folded, `{prf:proof}` with `:class: dropdown`, under its title as a solution is.

The directive of sphinx-proof writes "Proof." before the first line and has no title that a reader could open it by.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_proof.directive import ProofDirective
from sphinx_proof.nodes import proof_node


class Proof(ProofDirective):
    """A proof as sphinx-proof has it, or one with a title where it is to be folded."""

    def run(self) -> list[nodes.Node]:
        """Make the nodes of one proof."""
        classes = self.options.get("class", [])
        if "dropdown" not in classes:
            return super().run()
        folded = nodes.admonition("", nodes.title("", "Proof"), classes=["proof", *classes])
        self.state.nested_parse(self.content, self.content_offset, folded)
        return [proof_node("", folded)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Take the place of the directive of sphinx-proof."""
    app.setup_extension("sphinx_proof")
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
