"""What Asterisk plays without transcoding: 8 kHz as A-law and 16-bit WAV, 16 kHz as 16-bit WAV, all equally loud.

Loudness is measured where somebody speaks, so that pauses do not make a sentence louder; peaks are bent, not clipped.
"""

import io
import wave
from dataclasses import asdict, dataclass
from math import gcd
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivr_flows.voice import VoiceFailed, run_tool

Samples = NDArray[np.float32]
NARROW_HZ, WIDE_HZ = 8000, 16000
ENDINGS: Final = ("alaw", "wav", "wav16")
"""As Asterisk's formats are called: 8 kHz A-law, 8 kHz WAV, 16 kHz WAV."""
LOUDNESS_DB = -20.0
"""Level of the speech of every prompt, in dB below full scale (RMS)."""
CEILING = 10 ** (-1 / 20)
"""No sample is higher: 1 dB below full scale."""
SPEECH_DB = -35.0
"""A hundredth of a second is speech when it is not so far below the loudest one."""
SENTENCE_PAUSES, WORD_PAUSES = (0.1, 0.2), (0.01, 0.04)
"""Seconds of silence before and after."""
PLAUSIBLE_HZ = range(8000, 192_001)
LONGEST_SECONDS = 180
"""No prompt is longer; a file that says otherwise is no prompt."""
CLIPPED_AT, CLIPPED_RUN = 0.999, 3
"""So many samples in a row at full scale were cut off by somebody's input."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a prompt sounds. Levels in dB below full scale; `clipped`: samples cut off in what it was made from."""

    seconds: float
    level_db: float
    peak_db: float
    clipped: int = 0

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def finish_audio(source: Path, folder: Path, *, is_word: bool = False) -> Measured:
    """Make `prompt.ENDING` of each format in `folder` from audio of any rate and loudness. Raises VoiceFailed."""
    before, after = WORD_PAUSES if is_word else SENTENCE_PAUSES
    channels, rate_hz = _read(source)
    mono: Samples = channels.mean(axis=1, dtype=np.float32)
    samples = _normalised(_trimmed(resampled(mono, rate_hz, WIDE_HZ), source.name))
    silence = [np.zeros(int(WIDE_HZ * seconds), np.float32) for seconds in (before, after)]
    whole = np.concatenate([silence[0], samples, silence[1]])
    write_formats(whole, folder)
    level, peak = (round(_decibels(value), 1) for value in (_speech_level(samples), float(np.abs(samples).max())))
    return Measured(round(len(whole) / WIDE_HZ, 3), level, peak, _clipped(channels))


@dataclass(frozen=True, slots=True)
class Inspected:
    """A recording as it came. `level_db`: of the speech, in dB below full scale; `clipped`: samples cut off."""

    rate_hz: int
    seconds: float
    level_db: float
    clipped: int


def inspect_audio(source: Path) -> Inspected:
    """What a studio delivered. Raises VoiceFailed for what is no audio, or silent."""
    channels, rate_hz = _read(source)
    seconds = len(channels) / max(rate_hz, 1)
    if rate_hz not in PLAUSIBLE_HZ or not 0 < seconds <= LONGEST_SECONDS:  # resampling it would take all memory
        return Inspected(rate_hz, round(seconds, 2), 0.0, 0)
    mono: Samples = channels.mean(axis=1, dtype=np.float32)
    speech = _trimmed(resampled(mono, rate_hz, WIDE_HZ), source.name)
    return Inspected(rate_hz, round(seconds, 2), round(_decibels(_speech_level(speech)), 1), _clipped(channels))


def write_formats(samples: Samples, folder: Path) -> None:
    """16 kHz samples as `prompt.ENDING` in every format."""
    _write_wav(folder / "prompt.wav16", _to_integers(samples), WIDE_HZ)
    narrow = _to_integers(resampled(samples, WIDE_HZ, NARROW_HZ))
    _write_wav(folder / "prompt.wav", narrow, NARROW_HZ)
    (folder / "prompt.alaw").write_bytes(to_alaw(narrow).tobytes())


def write_tone(seconds: float, hertz: int, folder: Path) -> Measured:
    """A tone in every format, as loud as speech; 0 Hz is a pause."""
    loudness = 10 ** (LOUDNESS_DB / 20) * np.sqrt(2)
    turns = np.arange(int(WIDE_HZ * seconds)) * hertz / WIDE_HZ
    samples = (loudness * np.sin(2 * np.pi * turns)).astype(np.float32)
    write_formats(samples, folder)
    peak = float(np.abs(samples).max())
    return Measured(round(seconds, 3), LOUDNESS_DB if hertz else -120.0, round(_decibels(peak), 1))


def resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate: its spectrum, cut or filled up (as scipy.signal.resample does it)."""
    step = from_hz // gcd(from_hz, to_hz)
    blocks = -(-len(samples) // step)
    grain = 1 << max(blocks.bit_length() - 3, 0)
    blocks = -(-blocks // grain) * grain  # a count with small factors: other lengths take many times as long
    spectrum = np.fft.rfft(np.pad(samples, (0, blocks * step - len(samples))))
    count = blocks * step * to_hz // from_hz
    if to_hz < from_hz:
        spectrum[count // 2 :] = 0
    whole = np.fft.irfft(spectrum, count) * (to_hz / from_hz)
    return whole[: round(len(samples) * to_hz / from_hz)].astype(np.float32)


def to_alaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """16-bit samples as G.711 A-law (ITU-T G.711, table 1a)."""
    magnitude = np.minimum(np.abs(samples.astype(np.int32)), 32635) >> 3
    exponent = np.searchsorted(np.array([32, 64, 128, 256, 512, 1024, 2048]), magnitude, side="right")
    mantissa = magnitude >> np.maximum(exponent, 1) & 0x0F
    code: NDArray[np.uint8] = ((np.where(samples >= 0, 0x80, 0) | exponent << 4 | mantissa) ^ 0x55).astype(np.uint8)
    return code


def _read(source: Path) -> tuple[Samples, int]:
    """Samples of all channels from -1 to 1, and the rate in Hz. Raises VoiceFailed."""
    try:
        return _read_wav(source.open("rb"))
    except (wave.Error, EOFError):  # 24 bit, float, or no WAV at all: sox reads them all
        return _read_wav(io.BytesIO(run_tool("sox", "-V1", str(source), "-b", "16", "-t", "wav", "-", is_binary=True)))


def _read_wav(stream: BinaryIO) -> tuple[Samples, int]:
    with stream, wave.open(stream) as file:
        if file.getsampwidth() != 2:
            raise wave.Error("not 16 bit")
        raw = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        channels, rate_hz = file.getnchannels(), file.getframerate()
    samples = raw[: len(raw) // channels * channels].reshape(-1, channels).astype(np.float32)
    return samples / np.float32(32768), rate_hz


def _clipped(channels: Samples) -> int:
    """How many samples stand at full scale, several in a row: whoever recorded it was too loud."""
    return sum(_long_runs(np.abs(channel) >= CLIPPED_AT) for channel in channels.T)


def _windows(samples: Samples) -> Samples:
    """Level (RMS) of each hundredth of a second."""
    size = WIDE_HZ // 100
    whole = samples[: max(len(samples) // size, 1) * size]
    levels: Samples = np.sqrt(np.mean(np.square(whole.reshape(-1, min(size, len(whole)))), axis=1))
    return levels


def _is_speech(levels: Samples) -> NDArray[np.bool_]:
    loud_enough: NDArray[np.bool_] = levels > levels.max() * 10 ** (SPEECH_DB / 20)
    return loud_enough


def _trimmed(samples: Samples, name: str) -> Samples:
    """Without the silence around the speech."""
    if not len(samples) or float(np.abs(samples).max()) < 1e-4:
        raise VoiceFailed(f"{name} holds nothing but silence")
    speech = np.flatnonzero(_is_speech(_windows(samples)))
    size = WIDE_HZ // 100
    return samples[max(int(speech[0]) - 1, 0) * size : (int(speech[-1]) + 3) * size]


def _speech_level(samples: Samples) -> float:
    levels = _windows(samples)
    return float(np.sqrt(np.mean(np.square(levels[_is_speech(levels)]))))


def _normalised(samples: Samples) -> Samples:
    louder = samples * np.float32(10 ** (LOUDNESS_DB / 20) / _speech_level(samples))
    return _limited(louder) if float(np.abs(louder).max()) > CEILING else louder


def _limited(samples: Samples) -> Samples:
    """Turned down around each peak, five milliseconds ahead and behind, as softly as that allows."""
    reach = WIDE_HZ // 200
    wanted = np.minimum(1.0, CEILING / np.maximum(np.abs(samples), 1e-9))
    lowest = sliding_window_view(np.pad(wanted, 2 * reach, mode="edge"), 2 * reach + 1).min(axis=-1)
    gain = np.convolve(lowest, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    limited: Samples = (samples * gain).astype(np.float32)
    return limited


def _to_integers(samples: Samples) -> NDArray[np.int16]:
    return np.clip(np.rint(samples * 32767), -32768, 32767).astype(np.int16)


def _write_wav(file: Path, samples: NDArray[np.int16], rate_hz: int) -> None:
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.tobytes())


def _long_runs(is_full: NDArray[np.bool_]) -> int:
    """How many true values stand in runs that are long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_full.astype(np.int8), [0]])))
    lengths: NDArray[Any] = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())


def _decibels(value: float) -> float:
    return 20 * float(np.log10(max(value, 1e-6)))
