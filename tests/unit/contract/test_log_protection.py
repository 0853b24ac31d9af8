"""The log keeps ids, loses numbers and secrets."""

from app.contract.logs import protect


def test_numbers_and_secrets_never_reach_the_log() -> None:
    event = protect(
        None,
        "info",
        {
            "event": "call_arrived",
            "call_id": "node1-1763865600.12",
            "ani": "13812345678",
            "caller_number": "66661234",
            "password": "correct horse",
            "agi_token": "abc",
            "detail": {"note": "请回拨13812345678", "Cookie": "x", "numbers": ["13912345678"]},
            "count": 3,
        },
    )

    assert event == {
        "event": "call_arrived",
        "call_id": "node1-1763865600.12",
        "ani": "138****5678",
        "caller_number": "66****34",
        "password": "[secret]",
        "agi_token": "[secret]",
        "detail": {"note": "请回拨138****5678", "Cookie": "[secret]", "numbers": ["139****5678"]},
        "count": 3,
    }


def test_a_traceback_is_masked_like_any_text() -> None:
    event = protect(None, "error", {"event": "x", "exception": "ValueError: 13812345678"})

    assert event["exception"] == "ValueError: 138****5678"
