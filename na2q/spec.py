"""The sizes of a cooperative task: all that agents, mixers and replay know of an environment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EnvSpec:
    """Sizes of a Dec-POMDP (paper, section 2.1).

    Attributes:
        n_agents: number of agents N.
        n_actions: number of actions A of each agent, unavailable ones included.
        obs_dim: length O of one agent's observation.
        state_dim: length S of the global state.
        episode_limit: longest episode, in environment steps.
        unit_dim: length of one agent's own features at the head of the state
            (agent 0's first, then agent 1's, ...); 0 where the state has no such part.
        individual_rewards: whether each agent gets a reward of its own, or all the reward of the team.
    """

    n_agents: int
    n_actions: int
    obs_dim: int
    state_dim: int
    episode_limit: int
    unit_dim: int = 0
    individual_rewards: bool = False

    @property
    def reward_shape(self) -> tuple[int, ...]:
        """Shape of the reward of one step, that of a number or (N,) where each agent has its own."""
        return (self.n_agents,) if self.individual_rewards else ()
