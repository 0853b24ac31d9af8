"""What is wrong with a calendar or with rules: English for the terminal, Chinese for pages and problem details."""


class RuleFault(ValueError):
    """One mistake. `str()` is the English sentence."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.chinese = chinese


class RulesUnreadable(ValueError):
    """Content that cannot be taken: `problems` and `chinese` say where and what, a sentence each."""

    def __init__(self, faults: list[RuleFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.problems = [str(fault) for fault in faults]
        self.chinese = [fault.chinese for fault in faults]
