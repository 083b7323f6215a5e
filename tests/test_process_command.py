"""Command: what a child finds: arguments, environment, streams, identity; and what cannot be started."""

import gc
import os
import signal
import subprocess
import sys
import tempfile

import pytest
from children import watch  # noqa: F401
from descriptors import descriptors

import mezame
from mezame.net.pipe import pipe
from mezame.process import DEVNULL, INHERIT, PIPE, STDOUT, ChildStdin, Command, ExitStatus, Output, Stdio
from mezame.signal import SignalKind

pytestmark = pytest.mark.mezame


def python(code, *args, **keywords):
    return Command(sys.executable, "-c", code, *args, **keywords)


async def text(command):
    output = await command.output()
    assert output.status.success, output.stderr.decode()
    return output.stdout.decode()


# --- arguments --------------------------------------------------------------------------------------------------------


async def test_arguments_arrive_as_they_are(tmp_path):
    command = Command("printf", "%s|").arg("a b").args(["$HOME", b"\xff", tmp_path]).arg("; exit 1")
    output = await command.output()
    assert output.stdout == b"a b|$HOME|\xff|" + os.fsencode(tmp_path) + b"|; exit 1|"


async def test_arg0():
    shell = Command("sh", "-c", "echo $0")
    assert await text(shell) == "sh\n"
    assert await text(Command("sh", "-c", "echo $0").arg0("me")) == "me\n"
    assert await text(Command("sh", "-c", "echo $0", arg0="me")) == "me\n"


async def test_a_command_can_be_used_several_times():
    command = Command("echo", "x")
    assert [await text(command) for _ in range(2)] == ["x\n"] * 2
    assert repr(command) == "<Command 'echo' 'x'>"


# --- environment ------------------------------------------------------------------------------------------------------


async def test_environment(monkeypatch):
    monkeypatch.setenv("MEZAME_TEST_A", "ours")
    monkeypatch.setenv("MEZAME_TEST_B", "ours")
    show = "import os; print([os.environ.get('MEZAME_TEST_' + name) for name in 'ABC'], 'PATH' in os.environ)"

    def command():
        return python(show)

    assert await text(command()) == "['ours', 'ours', None] True\n"
    assert await text(command().env("MEZAME_TEST_C", "c").env_remove("MEZAME_TEST_A")) == "[None, 'ours', 'c'] True\n"
    assert await text(command().envs({"MEZAME_TEST_A": "1", b"MEZAME_TEST_B": b"2"})) == "['1', '2', None] True\n"
    cleared = command().env("MEZAME_TEST_C", "gone").env_clear().env("MEZAME_TEST_B", "b")
    assert await text(cleared) == "[None, 'b', None] False\n"
    assert await text(python(show, env={"MEZAME_TEST_A": "only"})) == "['only', None, None] False\n"
    removed = command().env("MEZAME_TEST_C", "c").env_remove("MEZAME_TEST_C")
    assert await text(removed) == "['ours', 'ours', None] True\n"


async def test_working_directory(tmp_path):
    assert await text(Command("pwd", "-P").current_dir(tmp_path)) == f"{os.path.realpath(tmp_path)}\n"
    assert await text(Command("pwd", "-P", current_dir=str(tmp_path))) == f"{os.path.realpath(tmp_path)}\n"


# --- streams ----------------------------------------------------------------------------------------------------------


async def test_streams_are_inherited_unless_set():
    child = Command("true").spawn()
    assert child.stdin is child.stdout is child.stderr is None
    await child.wait()
    child = Command("cat", stdin=PIPE, stdout=subprocess.PIPE, stderr=Stdio.piped()).spawn()
    assert isinstance(child.stdin, ChildStdin)
    await child.stdin.write_all(b"x")
    assert await child.wait_with_output() == Output(ExitStatus(0), b"x", b"")
    with tempfile.TemporaryFile() as file:
        code = "import os; os.write(1, b'out')"
        # Ours is what the child of a child inherits.
        inherits = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
        assert (await python(inherits).stdout(file).status()).success
        file.seek(0)
        assert file.read() == b"out"


async def test_null():
    both = "import sys; print(sys.stdin.read() == ''); print('x', file=sys.stderr)"
    child = python(both, stdin=DEVNULL, stdout=PIPE, stderr=subprocess.DEVNULL).spawn()
    assert await child.wait_with_output() == Output(ExitStatus(0), b"True\n", b"")
    assert (await Command("cat", stdin=Stdio.null(), stdout=Stdio.null()).status()).success


async def test_files_and_descriptors_stay_ours(tmp_path):
    path = tmp_path / "out"
    with open(path, "wb") as file:
        assert (await Command("echo", "one").stdout(file).status()).success
        assert (await Command("echo", "two").stdout(file.fileno()).status()).success
        file.write(b"three\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


async def test_error_where_output_goes():
    child = Command("sh", "-c", "echo out; echo err >&2").stdout(PIPE).stderr(STDOUT).spawn()
    assert (await child.wait_with_output()).stdout == b"out\nerr\n"
    with pytest.raises(ValueError, match="only stderr"):
        Command("true").stdout(STDOUT)
    with pytest.raises(ValueError, match="only stderr"):
        Command("true", stdin=subprocess.STDOUT)


async def test_one_child_into_another():
    first = Command("printf", "b\\na\\n").stdout(PIPE).spawn()
    stdout, first.stdout = first.stdout, None
    second = Command("sort").stdin(stdout)
    output = await second.output()
    assert output.stdout == b"a\nb\n"
    assert stdout.is_closed()
    assert (await first.wait()).success
    with pytest.raises(OSError, match="closed"):
        second.spawn()  # it was given away


async def test_an_end_of_a_pipe_is_given_away():
    sender, receiver = pipe()
    assert (await Command("echo", "x").stdout(sender).status()).success
    assert sender.is_closed()
    assert await receiver.read_to_end() == b"x\n"  # no copy of the sender is left open with us
    receiver.close()


async def test_output_pipes_whatever_was_set():
    output = await Command("sh", "-c", "echo out; echo err >&2").stdout(DEVNULL).stderr(INHERIT).output()
    assert output == Output(ExitStatus(0), b"out\n", b"err\n")
    # A piped input that nobody can write to is at its end.
    assert (await Command("cat").stdin(PIPE).output()).stdout == b""


async def test_status_closes_the_pipes():
    command = Command("sh", "-c", "cat; echo x 2>/dev/null; exit 4").stdin(PIPE).stdout(PIPE)
    assert (await command.status()) in (ExitStatus(4), ExitStatus(-signal.SIGPIPE))


# --- identity ---------------------------------------------------------------------------------------------------------


async def test_process_group():
    child = Command("cat").stdin(PIPE).process_group(0).spawn()
    assert os.getpgid(child.id) == child.id
    other = Command("cat", stdin=PIPE, process_group=child.id).spawn()
    assert os.getpgid(other.id) == child.id
    await child.wait()
    await other.wait()
    child = Command("cat").stdin(PIPE).spawn()
    assert os.getpgid(child.id) == os.getpgid(0)
    await child.wait()
    for bad in (-1, "0", True):
        with pytest.raises(ValueError, match="process_group"):
            Command("true").process_group(bad)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
async def test_another_user():
    command = Command("sh", "-c", "id -u; id -g; id -G").uid(65534).gid(65534)
    assert (await text(command)).split() == ["65534"] * 3
    assert (await text(Command("id", "-u", uid=65534))).strip() == "65534"
    assert (await text(Command("id", "-g", gid=65534))).strip() == "65534"

    def popen(args, **keywords):
        assert keywords["extra_groups"] == []  # root's own are not for others
        return subprocess.Popen(args, **keywords)

    assert (await Command("true").uid(65534).spawn_with(popen).wait()).success


@pytest.mark.skipif(os.geteuid() == 0, reason="root may")
async def test_another_user_is_not_permitted():
    with pytest.raises(PermissionError):
        Command("true").uid(0).spawn()


async def test_more_keywords_for_popen():
    assert await text(Command("sh", "-c", "umask").popen_kwargs(umask=0o77)) == "0077\n"
    child = Command("cat", stdin=PIPE).popen_kwargs(start_new_session=True).spawn()
    assert os.getsid(child.id) == child.id
    await child.wait()
    for name in ("shell", "stdin", "env", "text"):
        with pytest.raises(ValueError, match=name):
            Command("true").popen_kwargs(**{name: None})


async def test_spawn_with():
    calls = []

    def popen(args, **keywords):
        calls.append((args, keywords))
        made.append(subprocess.Popen(args, **keywords))
        return made[0]

    made = []
    child = Command("cat", "-").stdin(PIPE).env_clear().spawn_with(popen)
    assert child.id == made[0].pid and made[0].returncode is None
    assert (await child.wait()).success
    assert made[0].returncode == 0
    (args, keywords), = calls
    assert args == ["cat", "-"] and keywords["env"] == {} and keywords["stdout"] is None


# --- what cannot be started -------------------------------------------------------------------------------------------


async def test_what_cannot_be_started(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("no program")
    gc.collect()  # what other tests left behind is not to go meanwhile
    before = descriptors()

    def attempts():
        yield Command("/missing/program"), FileNotFoundError
        yield Command("surely-no-such-program"), FileNotFoundError
        yield Command(plain), PermissionError
        yield Command("true").current_dir(tmp_path / "missing"), FileNotFoundError
        yield Command("true", "x" * 10_000_000), OSError

    for command, error in attempts():
        with pytest.raises(error):
            command.stdin(PIPE).stdout(PIPE).stderr(PIPE).spawn()
        with pytest.raises(error):
            await command.output()
        with pytest.raises(error):
            await command.status()
    assert descriptors() <= before


def test_without_a_runtime():
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        Command("true").spawn()
    with pytest.raises(RuntimeError, match=r"mezame\.run"):
        mezame.block_on(Command("true").status())

    async def main():
        with pytest.raises(RuntimeError, match="I/O driver"):
            Command("true").spawn()

    mezame.run(main(), enable_io=False)


@pytest.mark.parametrize("bad", [5, None, object(), ["ls"]])
def test_what_is_no_text(bad):
    with pytest.raises(TypeError, match="program"):
        Command(bad)
    for method in ("arg", "arg0", "current_dir", "env_remove"):
        with pytest.raises(TypeError, match=method):
            getattr(Command("true"), method)(bad)
    with pytest.raises(TypeError, match="value of 'A'"):
        Command("true").env("A", bad)


def test_bad_input():
    with pytest.raises(TypeError, match="use arg"):
        Command("true").args("ab")
    with pytest.raises(ValueError, match="null character"):
        Command("true", "a\0b")
    with pytest.raises(ValueError, match="null character"):
        Command(b"tr\0ue")
    for bad, error in (("file", TypeError), (-7, ValueError), (True, TypeError)):
        with pytest.raises(error):
            Command("true").stdin(bad)


async def test_spawning_on_the_blocking_pool():
    child = await mezame.spawn_blocking(Command("cat").stdin(PIPE).stdout(PIPE).spawn)
    await child.stdin.write_all(b"x")
    assert (await child.wait_with_output()).stdout == b"x"


def test_values():
    assert (ExitStatus(0).success, ExitStatus(0).code, ExitStatus(0).signal) == (True, 0, None)
    assert (ExitStatus(3).success, ExitStatus(3).code, ExitStatus(3).returncode) == (False, 3, 3)
    killed = ExitStatus.from_raw(9)
    assert (killed.success, killed.code, killed.signal, killed.returncode) == (False, None, signal.SIGKILL, -9)
    assert not killed.core_dumped and ExitStatus.from_raw(6 | 0x80).core_dumped
    assert repr(killed) == "<ExitStatus SIGKILL>" and repr(ExitStatus(1)) == "<ExitStatus code 1>"
    assert killed == ExitStatus(-9) != ExitStatus(9) and len({killed, ExitStatus(-9)}) == 1
    assert [repr(each) for each in (PIPE, Stdio(None), Stdio.null(), STDOUT, Stdio(5))] == [
        "Stdio.piped()", "Stdio.inherit()", "Stdio.null()", "STDOUT", "Stdio(5)",
    ]  # fmt: skip
    assert Stdio(PIPE).is_piped and SignalKind.child()
    assert Command("x").get_kill_on_drop() is False and Command("x").kill_on_drop().get_kill_on_drop() is True
