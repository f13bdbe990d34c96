"""Generated schedules against a model: a plain list, searched for what the rules say is next."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenrace.clock import SECOND
from tokenrace.engine import schedule
from tokenrace.engine.loop import VirtualLoop
from tokenrace.engine.ties import Shuffled


@dataclass
class Thing:
    """What to schedule, and what that schedules and cancels in turn when it runs."""

    kind: str  # soon, timer, first, post
    delay: int
    key: int
    cancels: int  # so many of the things scheduled last
    follow: list["Thing"] = field(default_factory=list)


def things(follow):
    return st.builds(
        Thing,
        kind=st.sampled_from(["soon", "timer", "timer", "first", "post", "post"]),
        delay=st.integers(0, 3),
        key=st.integers(0, 2),
        cancels=st.sampled_from([0, 0, 0, 1, 2, 5]),
        follow=follow,
    )


PLANS = st.lists(
    st.recursive(
        things(st.just([])), lambda inner: things(st.lists(inner, max_size=3)), max_leaves=12
    ),
    min_size=1,
    max_size=8,
)


class OnTheLoop:
    """Runs a plan on a virtual loop; ``log`` is what ran, at which tick."""

    def __init__(self, plan, ties=None):
        self.loop = VirtualLoop(ties)
        self.log = []
        self.handles = []
        self.schedule(plan, "")
        self.loop.post(SECOND, 0, lambda _: self.loop.stop(), None)
        self.loop.run_forever()
        self.loop.close()

    def schedule(self, plan, prefix):
        for number, thing in enumerate(plan):
            self.handles.append(self._scheduled(thing, f"{prefix}/{number}"))

    def _scheduled(self, thing, name):
        loop, at = self.loop, self.loop.now + thing.delay
        if thing.kind == "soon":
            return loop.call_soon(self.run, (thing, name))
        if thing.kind == "timer":
            return loop.call_at(at / SECOND, self.run, (thing, name))
        if thing.kind == "first":
            return loop.post_first(at, self.run, (thing, name))
        return loop.post(at, thing.key, self.run, (thing, name))

    def run(self, what):
        thing, name = what
        self.log.append((self.loop.now, name))
        for handle in self.handles[max(0, len(self.handles) - thing.cancels) :]:
            if handle is not None:
                handle.cancel()
        self.schedule(thing.follow, name)


class OnAList:
    """Predicts the same: everything that waits is in one list, as (tick, line, place, number)."""

    def __init__(self, plan):
        self.now = 0
        self.log = []
        self.all = []  # [number, thing, name, at, has ended]
        self.schedule(plan, "")
        while waiting := [entry for entry in self.all if not entry[4]]:
            self.turn(waiting)

    def schedule(self, plan, prefix):
        for number, thing in enumerate(plan):
            at = self.now if thing.kind == "soon" else self.now + thing.delay
            self.all.append([len(self.all), thing, f"{prefix}/{number}", at, False])

    def turn(self, waiting):
        """Run what is ready and the timers due; where there is neither, the first post."""
        soon = [entry for entry in waiting if entry[1].kind == "soon"]
        if not soon:
            self.now = min(entry[3] for entry in waiting)
        timers = [e for e in waiting if e[1].kind in ("timer", "first") and e[3] == self.now]
        posts = [e for e in waiting if e[1].kind == "post" and e[3] == self.now]
        if soon or timers:
            for entry in soon + timers:
                self.run(entry)
        else:
            self.run(min(posts, key=lambda entry: (entry[1].key, entry[0])))

    def run(self, entry):
        _, thing, name, _, has_ended = entry
        if has_ended:
            return  # cancelled in this very turn
        entry[4] = True
        self.log.append((self.now, name))
        for cancelled in self.all[max(0, len(self.all) - thing.cancels) :]:
            cancelled[4] |= cancelled[1].kind in ("soon", "timer")
        self.schedule(thing.follow, name)


@pytest.mark.parametrize("prune_from", [0, 100], ids=["pruning at once", "pruning late"])
@given(plan=PLANS)
def test_everything_runs_when_and_in_the_order_that_the_rules_say(prune_from, plan):
    """Four kinds of things, few ticks and few keys, so that nearly all are tied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "_PRUNE_FROM", prune_from)
        assert OnTheLoop(plan).log == OnAList(plan).log


def without_cancelling(plan):
    for thing in plan:
        thing.cancels = 0
        without_cancelling(thing.follow)
    return plan


@given(plan=PLANS.map(without_cancelling), seed=st.integers(0, 2**64))
def test_under_a_shuffle_nothing_is_lost_and_nothing_leaves_its_tick(plan, seed):
    """And one seed gives one order."""
    shuffled = OnTheLoop(plan, Shuffled(seed)).log
    assert sorted(shuffled) == sorted(OnAList(plan).log)
    assert [at for at, _ in shuffled] == sorted(at for at, _ in shuffled)
    assert OnTheLoop(plan, Shuffled(seed)).log == shuffled


@given(
    posts=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), unique=True),
    split=st.integers(0, 10),
    ties=st.sampled_from([None, Shuffled(3)]),
)
def test_posts_of_different_keys_may_be_posted_late(posts, split, ties):
    """The order at a tick is the same whether a post was there from the start or came just before.

    This is what lets an engine leave posts out whose effect it knows, and add them later.
    """

    def run(early, late):
        loop, seen = VirtualLoop(ties), []

        def add(posts):
            for at, key in posts:
                loop.post(at, key, seen.append, (at, key))

        add(early)
        loop.call_soon(add, late)
        loop.post(4, 0, lambda _: loop.stop(), None)
        loop.run_forever()
        loop.close()
        return seen

    assert run(posts, []) == run(posts[split:], posts[:split])
