"""The sizes of a cooperative task: all that agents, mixers and replay know of an environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EnvSpec:
    """Sizes of a Dec-POMDP (paper, section 2.1)."""

    n_agents: int
    """Number of agents N."""
    n_actions: int
    """Number of actions A of each agent, unavailable ones included."""
    obs_dim: int
    """Length O of one agent's observation."""
    state_dim: int
    """Length S of the global state."""
    episode_limit: int
    """Longest episode, in environment steps."""
    unit_dim: int = 0
    """Length of one agent's own features at the head of the state, those of each agent in turn; 0 where it has none."""
    individual_rewards: bool = False
    """Whether each agent gets a reward of its own, or all the reward of the team."""

    @property
    def reward_shape(self) -> tuple[int, ...]:
        """Shape of the reward of one step, that of a number or (N,) where each agent has its own."""
        return (self.n_agents,) if self.individual_rewards else ()
