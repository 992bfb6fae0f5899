"""Asking many things at once without asking anything twice."""

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar, cast

from breakglass.model.reading import AwsError

T = TypeVar("T")


class Memory:
    """Answers by question: who asks what is being asked already waits for that answer, failures included."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def recall(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to `question`, by `ask` the first time."""
        with self._lock:
            known = self._answers.get(question)
            answer: Future[T] = known if known is not None else Future()
            self._answers[question] = answer
        if known is None:
            self._settle(question, answer, ask)
        return answer.result()

    def _settle(self, question: Hashable, answer: "Future[T]", ask: Callable[[], T]) -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - handed to everyone who waits for it, and raised there
            if not isinstance(error, Exception):
                # Ctrl-C is no answer: the next one who asks may have it.
                self._answers.pop(question, None)
            answer.set_exception(error)


class Crew:
    """Threads that ask in parallel. Whoever hands out work takes part in it.

    So a thread waits only for work that another one is really doing: asking from within what is asked cannot
    come to a standstill, however deep. The threads are daemons: a dead endpoint holds up no exit.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: deque[_Task[Any]] = deque()
        self._ready = threading.Condition()
        self._idle = 0
        self._threads = 0

    def gather(self, asks: Sequence[Callable[[], T]]) -> list[T | AwsError]:
        """Every answer, or the `AwsError` it ended in, at its place.

        Any other exception ends it: what has not begun by then is not asked any more.
        """
        failures: list[BaseException] = []
        tasks = [_Task(ask, failures) for ask in asks]
        try:
            self._offer(tasks[1:])
            for task in tasks:
                task.run()
                _raise_first(failures)
            for task in tasks:
                task.done.wait()
                _raise_first(failures)
        finally:
            for task in tasks:
                task.withdraw()
        return [task.answer() for task in tasks]

    def _offer(self, tasks: "Sequence[_Task[Any]]") -> None:
        with self._ready:
            self._tasks.extend(tasks)
            missing = min(len(self._tasks) - self._idle, self._size - self._threads)
            for _ in range(missing):
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name="breakglass-ask").start()
            self._ready.notify(len(tasks))

    def _work(self) -> None:
        while True:
            with self._ready:
                self._idle += 1
                while not self._tasks:
                    self._ready.wait()
                self._idle -= 1
                task = self._tasks.popleft()
            task.run()


class _Task(Generic[T]):
    """One question; whoever takes it first asks it."""

    def __init__(self, ask: Callable[[], T], failures: list[BaseException]) -> None:
        self._ask = ask
        self._failures = failures
        self._taken = threading.Lock()
        self._outcome: T | AwsError | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Ask, unless somebody else has taken it."""
        if not self._taken.acquire(blocking=False):
            return
        try:
            self._outcome = self._ask()
        except AwsError as error:
            self._outcome = error
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for it
            self._failures.append(error)
        finally:
            self.done.set()

    def withdraw(self) -> None:
        """Let nobody take it any more."""
        self._taken.acquire(blocking=False)

    def answer(self) -> T | AwsError:
        """The outcome, once done."""
        return cast("T | AwsError", self._outcome)


def _raise_first(failures: Sequence[BaseException]) -> None:
    if failures:
        raise failures[0]
