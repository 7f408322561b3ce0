"""Runs programs that trace with MLflow, each in a fork of this process, which has imported MLflow once:
importing it takes most of the time that such a program takes.

Each line of standard input is a JSON object with `program`, `arguments`, `folder`, `environment` and
`output`, a file for what it writes; the answer is a line with the exit status.
"""

import json
import os
import sys
import traceback

import spanlog.mlflow  # noqa: F401, as it must be there before MLflow
import mlflow  # noqa: F401
import mlflow.openai  # noqa: F401


def run(program, arguments, folder, environment, output):
    """Becomes the program, and ends as it does."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["-c", *arguments]
    try:
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def main():
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            run(**json.loads(line))
            return  # Through the ordinary exit, which makes everything durable.
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
