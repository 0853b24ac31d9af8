"""Variables that only the lines' part of the dialplan uses (extensions_resolve and extensions_lines)."""

LINE_VARIABLES = frozenset(
    {
        "HL_ANSWERED", "HL_ANSWERED_AT", "HL_CLOCK_OFFSET_SECONDS", "HL_DEPARTMENT",
        "HL_DEPARTMENT_CALLS", "HL_DIAL", "HL_DIAL_SECONDS", "HL_DIVERSION", "HL_DIVERTED_LINE", "HL_DIVERTED_RULE",
        "HL_FAILED_CAUSE", "HL_FIRST_SECONDS", "HL_FOUND", "HL_HALF_ANSWERED", "HL_HALF_PRIORITY",
        "HL_HEADER", "HL_HEADERS",
        "HL_HOP", "HL_HOPS", "HL_IS_PROBE", "HL_LEG_CAUSE", "HL_LEG_SECONDS", "HL_LEG_UNTIL", "HL_NOW", "HL_NTH",
        "HL_OFFSET", "HL_ONLY_SEAT", "HL_OUT", "HL_OUT_KEY", "HL_OWN_LINE",
        "HL_PARALLEL", "HL_RANG_AT", "HL_RAW", "HL_READ", "HL_RESULT", "HL_RETURNED", "HL_RINGS", "HL_RING_MS",
        "HL_SEATS", "HL_TALK_MS", "HL_TOGETHER", "HL_TRUNK_LINE", "HL_TRUSTS_DIVERSION", "HL_UNREAD", "HL_UNTIL",
        "HL_USER", "HL_VALUES", "HL_WAY", "HL_WHISPER",
    }
)  # fmt: skip
