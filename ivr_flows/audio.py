"""What Asterisk plays without transcoding: 8 kHz mono, as 16-bit WAV and as A-law, all equally loud."""

import re
from pathlib import Path

from ivr_flows.voice import VoiceFailed, run_tool

RATE_HZ = 8000
LOUDNESS_DB = -20.0
"""Mean level (RMS) of every prompt in dB below full scale; peaks are limited, not clipped."""
TRIM = ("silence", "1", "0.02", "0.3%")


def finish_audio(source: Path, wav: Path, alaw: Path) -> float:
    """Make both files of a prompt from audio of any rate and loudness; returns its seconds. Raises VoiceFailed."""
    trimmed = wav.with_suffix(".trimmed.wav")
    _sox(source, "-b", "16", "-c", "1", "-r", str(RATE_HZ), trimmed, "norm", "-3", *TRIM, "reverse", *TRIM, "reverse")
    gain = LOUDNESS_DB - _level_db(trimmed)
    _sox(trimmed, "-b", "16", wav, "gain", "-l", f"{gain:.1f}", "pad", "0.1", "0.2")
    _sox(wav, "-t", "al", alaw)
    trimmed.unlink()
    return alaw.stat().st_size / RATE_HZ


def _level_db(wav: Path) -> float:
    found = re.search(r"RMS lev dB\s+(-?[\d.]+)", run_tool("sox", str(wav), "-n", "stats"))
    if found is None:
        raise VoiceFailed(f"{wav.name} holds nothing but silence")
    return float(found[1])


def _sox(*arguments: str | Path) -> None:
    run_tool("sox", "-V1", "-D", *(str(argument) for argument in arguments))
