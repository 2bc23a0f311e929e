"""Somebody at a terminal: runs a command in a pseudo-terminal, waits for what it shows, and types.

Reads a JSON object from stdin: the command and its environment, the size, and the steps, each what is waited for and what
is typed then. Writes a JSON object: the exit code, all that was shown without its colours, and the step that failed.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SIGNS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>78]|\r")
STEP_SECONDS = 30

order = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    os.environ.update(order["environment"])
    os.execv(order["command"][0], order["command"])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", order["rows"], order["columns"], 0, 0))

raw = b""


def shown():
    return SIGNS.sub("", raw.decode("utf-8", "ignore"))


def more(seconds):
    """Reads what comes within a while; false once the command has ended."""
    global raw
    if select.select([terminal], [], [], seconds)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:
            return False
        raw += chunk
        return bool(chunk)
    return True


failed = None
seen = 0
for expected, typed in order["steps"]:
    end = time.monotonic() + STEP_SECONDS
    while (found := shown().find(expected, seen)) < 0:
        if time.monotonic() > end or not more(0.2):
            failed = expected
            break
    if failed is not None:
        break
    seen = found + len(expected)
    os.write(terminal, typed.encode())

if failed is not None:
    os.kill(child, signal.SIGKILL)
end = time.monotonic() + STEP_SECONDS
while more(0.2):
    if time.monotonic() > end:
        os.kill(child, signal.SIGKILL)
        failed = "the end"
        break
_, status = os.waitpid(child, 0)
json.dump({"code": os.waitstatus_to_exitcode(status), "shown": shown(), "failed": failed}, sys.stdout)
