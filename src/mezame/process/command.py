"""Command: what to run, and how.

``spawn`` calls ``subprocess.Popen`` in place, on the runtime's thread. That takes about half a millisecond: the child
is made by ``vfork``, and meanwhile the interpreter stands still, whichever thread calls it; the blocking pool would
only add two switches of threads. Where it takes longer (a program on a slow network file system; ``uid``, ``gid`` and
a ``preexec_fn``, which need a ``fork`` of a large process), ``await spawn_blocking(command.spawn)`` uses the pool.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.current import current
from ..net.pipe.end import End
from .child import Child
from .child_io import ChildStderr, ChildStdin, ChildStdout
from .exit_status import ExitStatus, Output
from .exit_watch import watch_exit
from .running import Running
from .stdio import PIPE, Stdio, close_all

_OURS = frozenset(
    "args executable stdin stdout stderr env cwd process_group user group close_fds bufsize text universal_newlines "
    "encoding errors shell pipesize".split()
)
_STREAMS: tuple[tuple[str, type[End]], ...] = (("stdin", ChildStdin), ("stdout", ChildStdout), ("stderr", ChildStderr))


class Command:
    """A program with its arguments and all that it shall find: a builder, whose methods return it.

    There is no shell: each argument arrives as it is. It may be used several times.

    Args:
        program: its path, or its name, which is looked for in PATH.
        args: arguments.
        stdin, stdout, stderr, current_dir, kill_on_drop, process_group, uid, gid, arg0: see the method of that name.
        env: a mapping that replaces the whole environment (``env_clear`` and ``envs``).

    >>> import mezame
    >>> from mezame.process import PIPE, Command
    >>> async def main():
    ...     child = Command("tr", "a-z", "A-Z").stdin(PIPE).stdout(PIPE).spawn()
    ...     await child.stdin.write_all(b"quietly")
    ...     return (await child.wait_with_output()).stdout
    >>> mezame.run(main())
    b'QUIETLY'

    Source of the semantics: ``tokio::process::Command``.
    """

    def __init__(
        self,
        program: Any,
        *args: Any,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        env: Mapping[Any, Any] | None = None,
        current_dir: Any = None,
        kill_on_drop: bool = False,
        process_group: int | None = None,
        uid: Any = None,
        gid: Any = None,
        arg0: Any = None,
    ) -> None:
        self._program = _text("Command: the program", program)
        self._args: list[Any] = []
        self._arg0: Any = None
        self._env: dict[Any, Any] = {}  # changes: None removes
        self._env_clear = False
        self._current_dir: Any = None
        self._stdin = self._stdout = self._stderr = Stdio(None)
        self._kill_on_drop = False
        self._reap_on_drop = True
        self._process_group: int | None = None
        self._uid: Any = None
        self._gid: Any = None
        self._more: dict[str, Any] = {}
        self.args(args).stdin(stdin).stdout(stdout).stderr(stderr).kill_on_drop(kill_on_drop)
        if env is not None:
            self.env_clear().envs(env)
        if current_dir is not None:
            self.current_dir(current_dir)
        if process_group is not None:
            self.process_group(process_group)
        if uid is not None:
            self.uid(uid)
        if gid is not None:
            self.gid(gid)
        if arg0 is not None:
            self.arg0(arg0)

    # --- what to run --------------------------------------------------------------------------------------

    def arg(self, arg: Any) -> Command:
        """Adds one argument: str, bytes or a path."""
        self._args.append(_text("Command.arg", arg))
        return self

    def args(self, args: Iterable[Any]) -> Command:
        """Adds several arguments."""
        if isinstance(args, (str, bytes)):
            raise TypeError(f"Command.args wants several arguments, not the one string {args!r}: use arg")
        for arg in args:
            self.arg(arg)
        return self

    def arg0(self, arg0: Any) -> Command:
        """What the program sees as its own name, in place of ``program``."""
        self._arg0 = _text("Command.arg0", arg0)
        return self

    # --- its environment ----------------------------------------------------------------------------------

    def env(self, name: Any, value: Any) -> Command:
        """Sets an environment variable."""
        self._env[_text("Command.env: the name", name)] = _text(f"Command.env: the value of {name!r}", value)
        return self

    def envs(self, variables: Mapping[Any, Any]) -> Command:
        """Sets several environment variables."""
        for name, value in variables.items():
            self.env(name, value)
        return self

    def env_remove(self, name: Any) -> Command:
        """Leaves out an environment variable that this process has, or that was set here."""
        self._env[_text("Command.env_remove", name)] = None
        return self

    def env_clear(self) -> Command:
        """Begins with an empty environment: also what was set here before is gone."""
        self._env_clear = True
        self._env.clear()
        return self

    def current_dir(self, path: Any) -> Command:
        """The working directory of the program."""
        self._current_dir = _text("Command.current_dir", path)
        return self

    # --- its streams --------------------------------------------------------------------------------------

    def stdin(self, stdio: Any) -> Command:
        """Its standard input: a ``Stdio``, or what that takes. Inherited unless set."""
        self._stdin = self._stdio("stdin", stdio)
        return self

    def stdout(self, stdio: Any) -> Command:
        """Its standard output. Inherited unless set, or piped by ``output``."""
        self._stdout = self._stdio("stdout", stdio)
        return self

    def stderr(self, stdio: Any) -> Command:
        """Its standard error. Inherited unless set, or piped by ``output``; ``STDOUT``: where standard output goes."""
        self._stderr = self._stdio("stderr", stdio)
        return self

    def _stdio(self, name: str, stdio: Any) -> Stdio:
        made = Stdio(stdio)
        if made.is_stdout and name != "stderr":
            raise ValueError(f"Command.{name}: only stderr can go where stdout goes")
        return made

    # --- the process --------------------------------------------------------------------------------------

    def kill_on_drop(self, on: bool = True) -> Command:
        """Whether the process is killed when its ``Child`` is dropped or closed, a cancelled ``output`` included."""
        self._kill_on_drop = bool(on)
        return self

    def get_kill_on_drop(self) -> bool:
        """What ``kill_on_drop`` has set."""
        return self._kill_on_drop

    def reap_on_drop(self, on: bool = True) -> Command:
        """Whether the process is reaped in the background after its ``Child`` was dropped. It is, unless switched off.

        Source of the semantics: ``async_process::Command::reap_on_drop``.
        """
        self._reap_on_drop = bool(on)
        return self

    def process_group(self, group: int) -> Command:
        """Its process group; 0: a new one of its own, so that Ctrl-C at the terminal does not reach it."""
        if isinstance(group, bool) or not isinstance(group, int) or group < 0:
            raise ValueError(f"Command.process_group needs the number of a group, or 0 for a new one, not {group!r}")
        self._process_group = group
        return self

    def uid(self, user: Any) -> Command:
        """The user (number or name) that it runs as; it has no supplementary groups of root's then. Needs root."""
        self._uid = user
        return self

    def gid(self, group: Any) -> Command:
        """The group (number or name) that it runs as. Needs root."""
        self._gid = group
        return self

    def popen_kwargs(self, **more: Any) -> Command:
        """Further keyword arguments for ``subprocess.Popen``: ``umask``, ``start_new_session``, ``pass_fds``...

        ``preexec_fn`` is one of them: unsafe where there are threads, which a runtime has. Raises ``ValueError`` for
        those that the other methods set.
        """
        for name in more:
            if name in _OURS:
                raise ValueError(f"Command.popen_kwargs: {name!r} is set by Command's methods, or makes no sense here")
        self._more.update(more)
        return self

    # --- running it ---------------------------------------------------------------------------------------

    def spawn(self) -> Child:
        """Starts the program; a ``Child``. Returns once the program was found and runs.

        Raises ``FileNotFoundError``, ``PermissionError`` and other ``OSError`` if it cannot be started, and
        ``RuntimeError`` without a runtime.

        Source of the semantics: ``tokio::process::Command::spawn``.
        """
        return self.spawn_with(subprocess.Popen)

    def spawn_with(self, function: Callable[..., Any]) -> Child:
        """``spawn``, with ``function(args, **keywords)`` in place of ``subprocess.Popen``, which it has to call.

        Source of the semantics: ``tokio::process::Command::spawn_with``.
        """
        driver = current().io
        if driver is None:
            raise RuntimeError(
                "a child process needs a runtime with an I/O driver: call this inside mezame.run(main()), or enter a "
                "runtime"
            )
        keywords = self._keywords()
        ours: dict[str, Any] = {}
        to_close: list[int] = []
        try:
            for name, kind in _STREAMS:
                stdio: Stdio = getattr(self, f"_{name}")
                if stdio.is_piped:
                    keywords[name], ours[name] = _pipe(kind, to_close)
                else:
                    keywords[name], taken = stdio.for_popen()
                    if taken is not None:
                        to_close.append(taken)
            args = [self._program if self._arg0 is None else self._arg0, *self._args]
            popen = function(args, **keywords)
        except BaseException:
            for end in ours.values():
                end.close()
            raise
        finally:
            close_all(to_close)
        if function is subprocess.Popen:
            running = Running(popen.pid, None)
            popen.returncode = 0  # nobody else has it: dropped, it shall neither reap nor warn
        else:
            running = Running(popen.pid, popen)
        return Child(
            running,
            watch_exit(running),
            ours.get("stdin"),
            ours.get("stdout"),
            ours.get("stderr"),
            self._kill_on_drop,
            self._reap_on_drop,
        )

    def _keywords(self) -> dict[str, Any]:
        keywords: dict[str, Any] = dict(self._more)
        if self._arg0 is not None:
            keywords["executable"] = self._program
        if self._env or self._env_clear:
            keywords["env"] = self._environment()
        if self._current_dir is not None:
            keywords["cwd"] = self._current_dir
        if self._process_group is not None:
            keywords["process_group"] = self._process_group
        if self._gid is not None:
            keywords["group"] = self._gid
        if self._uid is not None:
            keywords["user"] = self._uid
            if os.geteuid() == 0:  # as std does: what root may, its groups may not give to another user
                keywords.setdefault("extra_groups", [])
        return keywords

    def _environment(self) -> dict[bytes, bytes]:
        environment = {} if self._env_clear else {os.fsencode(n): os.fsencode(v) for n, v in os.environ.items()}
        for name, value in self._env.items():
            if value is None:
                environment.pop(os.fsencode(name), None)
            else:
                environment[os.fsencode(name)] = os.fsencode(value)
        return environment

    async def status(self) -> ExitStatus:
        """Runs the program to its end; awaits to its ``ExitStatus``. Pipes are closed at once.

        Raises as ``spawn`` does. When it is cancelled the process goes on, unless ``kill_on_drop`` is set.

        Source of the semantics: ``tokio::process::Command::status``.
        """
        with self.spawn() as child:
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream is not None:
                    stream.close()
            return await child.wait()  # type: ignore[no-any-return]

    async def output(self) -> Output:
        """Runs the program to its end and collects what it writes; awaits to an ``Output``.

        Standard output and error are pipes here, whatever was set; standard input is as set, and at its end if that
        was a pipe. Raises as ``spawn`` does. When it is cancelled the process goes on, unless ``kill_on_drop`` is set.

        Source of the semantics: ``tokio::process::Command::output``.
        """
        self.stdout(PIPE).stderr(PIPE)
        with self.spawn() as child:
            return await child.wait_with_output()

    def __repr__(self) -> str:
        return f"<Command {' '.join([repr(self._program), *map(repr, self._args)])}>"


def _pipe(kind: type[End], to_close: list[int]) -> tuple[int, Any]:
    """(the child's end, ours) of a new pipe."""
    reading, writing = os.pipe()
    theirs, ours = (reading, writing) if kind is ChildStdin else (writing, reading)
    to_close.append(theirs)
    try:
        return theirs, kind.from_fd(ours, unchecked=True)
    except BaseException:
        os.close(ours)
        raise


def _text(what: str, value: Any) -> Any:
    """``value`` as str or bytes. ``TypeError`` for other things, ``ValueError`` for what no program can get."""
    try:
        text = os.fspath(value)
    except TypeError:
        raise TypeError(f"{what} must be str, bytes or a path, not {value!r}") from None
    if (b"\0" if isinstance(text, bytes) else "\0") in text:
        raise ValueError(f"{what} must not contain a null character: {value!r}")
    return text
