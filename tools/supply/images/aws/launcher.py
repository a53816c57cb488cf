"""Makes the jar that LocalStack starts: nothing but the name of the main class and the list of the libraries."""

import pathlib
import zipfile

home = pathlib.Path("/usr/lib/localstack/dynamodb-local/2")
libraries = sorted(f"{jar.parent.name}/{jar.name}" for jar in home.glob("DynamoDBLocal_lib/*.jar"))
lines = [
    "Manifest-Version: 1.0",
    "Main-Class: com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
    "Class-Path: " + " ".join(libraries),
]
# A line of a manifest has at most 72 bytes; a blank begins its continuation.
folded = []
for line in lines:
    while len(line) > 70:
        folded.append(line[:70])
        line = " " + line[70:]
    folded.append(line)
with zipfile.ZipFile(home / "DynamoDBLocal.jar", "w") as jar:
    jar.writestr("META-INF/MANIFEST.MF", "\r\n".join(folded) + "\r\n")
