"""IQL (Tan, 1993): independent learners that share the team's reward or have their own, the control without a mixer."""

from jaxtyping import Float
from torch import Tensor

from na2q.config import NoOptions
from na2q.methods.base import Coalition, QLearning
from na2q.types import MixContext, MixerOutput


class IQL(QLearning[NoOptions, None, None]):
    """Each utility is its own value: no Q_tot, hence no credits, contributions or bias."""

    context_reads = ()
    own_values = True

    @property
    def coalitions(self) -> tuple[Coalition | None, ...]:
        """No decomposition, no terms."""
        return ()

    def mix(self, q: Float[Tensor, "... n"], ctx: MixContext) -> MixerOutput:
        """Return the utilities themselves, one value for each agent."""
        return MixerOutput(q)
