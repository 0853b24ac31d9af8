"""Music on hold: quiet chords, synthesised once, free of anybody's rights."""

import subprocess
from pathlib import Path

CHORDS = (
    ("C4", "E4", "G4", "C5"),
    ("A3", "C4", "E4", "A4"),
    ("F3", "A3", "C4", "F4"),
    ("G3", "B3", "D4", "G4"),
)
CHORD_SECONDS = 4
FORMATS = {"waiting.wav": ("-b", "16", "-e", "signed-integer"), "waiting.alaw": ("-t", "al")}
"""alaw is what most trunks speak: nothing has to be transcoded while people wait."""


def ensure_music(folder: Path) -> None:
    """Synthesise the loop unless it is there (a site may put its own). Raises CalledProcessError, FileNotFoundError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, encoding in FORMATS.items():
        if not (folder / name).exists():
            draft = folder / f".{name}.new"
            kind = () if "-t" in encoding else ("-t", "wav")
            subprocess.run(
                ["sox", "-n", "-r", "8000", "-c", "1", *encoding, *kind, str(draft), *_effects()],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip
            draft.replace(folder / name)


def _effects() -> list[str]:
    """sox effects: each chord plucked note after note, faded, joined by `:`-free chaining through `synth` and `pad`."""
    notes = [note for chord in CHORDS for note in chord]
    length = CHORD_SECONDS * len(CHORDS)
    voices = [word for note in notes for word in ("pluck", note)]
    starts = [f"{0.25 + index * (length / len(notes)):.2f}" for index in range(len(notes))]
    return ["synth", str(length), *voices, "delay", *starts, "remix", "-", "norm", "-18", "fade", "0.3", "-0", "2"]
