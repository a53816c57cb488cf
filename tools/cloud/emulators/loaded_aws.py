"""The command line of AWS, with its modules loaded once for all calls: loading them is most of what a call costs.

Each call is a process of its own, with the arguments, variables, folder and files of the program that bin/aws was started by.
"""

import gc
import json
import os
import signal
import socket
import sys
import traceback

from awscli.clidriver import create_clidriver, main


def answer(connection):
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as said:
        call = json.load(said)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # It names its own data to itself when it is imported.
    data = os.environ["AWS_DATA_PATH"]
    os.environ.clear()
    os.environ.update(call["variables"], AWS_DATA_PATH=data)
    os.chdir(call["folder"])
    sys.argv = ["aws", *call["arguments"]]
    try:
        return main() or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def end(connection):
    status = 255
    try:
        status = answer(connection)
    except BaseException:
        traceback.print_exc()
    finally:
        connection.send(bytes([status]))
        os._exit(status)


def serve(name):
    # What it makes is thrown away; what it imports stays.
    create_clidriver()
    gc.freeze()
    # Nobody waits for the processes of calls.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen(64)
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                server.close()
                end(connection)
            connection.close()


serve(sys.argv[1])
