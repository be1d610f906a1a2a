"""The queue, whatever people do in whatever order: nobody gets what another has before them,
nothing is lost, and what is done is counted right."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from curation.light_table.session.queue import Queue, questions
from data_cards.dataset.schema import Finding

LEASE = 10.0
TWICE = {"labels/a", "labels/c"}
PEOPLE = st.sampled_from(["ann", "bob", "cy"])
FINDINGS = [
    *(Finding(photo, "label", 0.9 - n / 10, "r", scan_id="s") for n, photo in enumerate("abcd")),
    Finding("a", "quality", 0.5, "r", scan_id="s"),
    Finding("b", "near_duplicate", 0.9, "r", related=("a",), scan_id="s"),
    Finding("e", "near_duplicate", 0.8, "r", related=("a",), scan_id="s"),
    Finding("d", "leak", 0.8, "r", related=("e",), scan_id="s"),
]
PILES = ("labels", "duplicates", "leaks", "quality", "conflicts")
CONFLICTS = {
    one.key: one
    for one in questions([Finding(photo, "conflict", 0.5, "r", scan_id="s") for photo in "ac"])
}


class Table(RuleBasedStateMachine):
    """People around a queue, and a plain account of what they were given and said."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.queue = Queue(questions(FINDINGS), LEASE)
        self.holds: dict[str, dict[str, float]] = {"ann": {}, "bob": {}, "cy": {}}
        self.said: dict[str, set[str]] = {key: set() for key in self.queue.items}
        self.unsure: dict[str, set[str]] = {"ann": set(), "bob": set(), "cy": set()}

    def held(self, who: str) -> list[str]:
        return [key for key, until in self.holds[who].items() if until > self.now]

    def is_done(self, key: str) -> bool:
        return len(self.said[key]) >= (2 if key in TWICE else 1)

    @rule(who=PEOPLE, pile=st.sampled_from(PILES), count=st.integers(1, 4))
    def take(self, who: str, pile: str, count: int) -> None:
        others = {
            photo
            for other in self.holds
            if other != who
            for key in self.held(other)
            for photo in self.queue.items[key].photos
        }
        for item in self.queue.take(who, pile, count, self.now):
            assert not others & set(item.photos), "two people have one photo before them"
            assert not self.is_done(item.key) and who not in self.said[item.key], "asked again"
            assert item.key not in self.unsure[who]
            self.holds[who][item.key] = self.now + LEASE

    @precondition(lambda self: any(self.held(who) for who in self.holds))
    @rule(data=st.data(), do=st.sampled_from(["answer", "answer", "skip", "unsure"]))
    def decide(self, data: st.DataObject, do: str) -> None:
        who = data.draw(st.sampled_from([who for who in self.holds if self.held(who)]))
        key = data.draw(st.sampled_from(self.held(who)))
        del self.holds[who][key]
        if do == "skip":
            self.queue.skip(who, key)
        elif do == "unsure":
            self.unsure[who].add(key)
            self.queue.hand_on(who, key)
        else:
            self.said[key].add(who)
            if key in TWICE:
                self.queue.answer(key, who)
            if self.is_done(key):
                self.queue.settle(key)

    @precondition(lambda self: any(self.said.values()))
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(key for key, people in self.said.items() if people)))
        who = data.draw(st.sampled_from(sorted(self.said[key])))
        self.said[key].remove(who)
        for other in self.holds.values():
            other.pop(key, None)
        self.queue.reopen(key, who, self.now)
        taken = {
            photo
            for other in self.holds
            if other != who
            for held in self.held(other)
            for photo in self.queue.items[held].photos
        }
        if not taken & set(self.queue.items[key].photos):
            self.holds[who][key] = self.now + LEASE

    @rule(who=PEOPLE)
    def leave(self, who: str) -> None:
        self.holds[who].clear()
        self.queue.let_go(who)

    @rule(seconds=st.floats(0.5, 12))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(key=st.sampled_from(sorted(CONFLICTS)))
    def differ(self, key: str) -> None:
        if key not in self.said:
            self.said[key] = set()
            self.queue.put(CONFLICTS[key])

    @rule(key=st.sampled_from(sorted(CONFLICTS)))
    def agree_after_all(self, key: str) -> None:
        self.said.pop(key, None)
        for other in self.holds.values():
            other.pop(key, None)
        for keys in self.unsure.values():
            keys.discard(key)
        self.queue.drop(key)

    @rule()
    def scan_again(self) -> None:
        after = Queue(
            [*questions(FINDINGS), *(CONFLICTS[key] for key in self.said if key in CONFLICTS)],
            LEASE,
        )
        for key, people in self.said.items():
            for who in sorted(people) if key in TWICE else []:
                after.answer(key, who)
            if self.is_done(key):
                after.settle(key)
        for who, keys in self.unsure.items():
            for key in keys:
                after.hand_on(who, key)
        after.take_over(self.queue)
        self.queue = after

    @invariant()
    def what_is_done_is_counted_right(self) -> None:
        for pile in PILES:
            keys = [key for key in self.said if key.startswith(f"{pile}/")]
            for who in self.holds:
                mine = [key for key in keys if self.is_done(key) or who in self.said[key]]
                handed = [key for key in keys if key in self.unsure[who] and key not in mine]
                told = self.queue.progress(who, pile)
                assert (told.done, told.total) == (len(mine), len(keys))
                assert told.left == len(keys) - len(mine) - len(handed)

    def teardown(self) -> None:
        """Nothing is lost: once everybody has left, whoever comes gets every question that waits
        for them."""
        for who in self.holds:
            self.queue.let_go(who)
        for who in self.holds:
            for pile in PILES:
                waits = {
                    key
                    for key in self.said
                    if key.startswith(f"{pile}/")
                    and not self.is_done(key)
                    and who not in self.said[key]
                    and key not in self.unsure[who]
                }
                assert {item.key for item in self.queue.take(who, pile, 99, self.now)} == waits
            self.queue.let_go(who)


Table.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, database=None
)
test_whatever_people_do = Table.TestCase
