"""Models in the database, so that every machine has them and a backup holds them.

A machine's model folder is only a copy: what is missing there is fetched, and verified like
any other model before it is used.
"""

from __future__ import annotations

from pathlib import Path

from classifiers.exceptions import ModelUnavailable
from classifiers.models import ModelFile
from classifiers.versions import artifacts, placing


def put(directory: Path, *, digest: str) -> None:
    """Store the files of a verified model, where they are not stored: they are megabytes."""
    stored = set(ModelFile.objects.filter(digest=digest).values_list("name", flat=True))
    ModelFile.objects.bulk_create(
        (
            ModelFile(digest=digest, name=file.name, content=file.read_bytes())
            for file in directory.iterdir()
            if file.name not in stored
        ),
        ignore_conflicts=True,
    )


def fetch(digest: str, *, into: Path) -> Path:
    """Install the model of that digest below `into`, and return where it lies.

    Raises ModelUnavailable where the database does not hold it or the folder does not take it,
    and an ArtifactError for a model that is not what its digest says.
    """
    files = dict(ModelFile.objects.filter(digest=digest).values_list("name", "content"))
    if not artifacts.LIMITS.keys() <= files.keys():
        raise ModelUnavailable(f"The database does not hold the model {digest}.")
    try:
        with placing.half_made(into) as folder:
            for name in filter(artifacts.is_file_name, files):
                (folder / name).write_bytes(files[name])
            artifacts.inspect(folder, digest=digest)
            return artifacts.install(folder, into)[1]
    except OSError as error:
        raise ModelUnavailable(f"{into} does not take the model: {error.strerror}.") from error
