"""Container files, lock files and the set-up script stay true without an engine at hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from observatory.paths import PROJECT
from observatory.version import VERSION

DEPLOY = PROJECT / "observatory" / "deploy"
SECRETS = {"POSTGRES_PASSWORD": "x", "OBSERVATORY_SECRET_KEY": "x"}


def compose(*words, **variables):
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    known = {key: value for key, value in os.environ.items() if key not in SECRETS}
    return subprocess.run(
        [program, "-f", str(PROJECT / "docker-compose.yml"), *words],
        env={**known, **variables}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_compose_file_is_valid():
    done = compose("config", "-q", **SECRETS)
    assert done.returncode == 0, done.stderr


def test_the_compose_file_starts_nothing_without_secrets_of_its_own():
    done = compose("config", "-q")
    assert done.returncode != 0
    assert "POSTGRES_PASSWORD" in done.stderr + done.stdout


def test_database_web_worker_and_proxy_each_tell_their_health():
    done = compose("config", **SECRETS)
    for service in ("database", "web", "worker", "proxy"):
        block = re.search(rf"^  {service}:\n((?:    .*\n|\n)+)", done.stdout, re.M)
        assert block and "healthcheck" in block[1], service


def test_the_dockerfile_is_clean_and_uses_the_same_script_as_a_plain_machine():
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([str(linter), str(DEPLOY / "Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "observatory/deploy/setup.sh" in (DEPLOY / "Dockerfile").read_text()


def test_the_proxys_configuration_is_accepted_by_nginx(tmp_path):
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    local = (DEPLOY / "nginx.conf").read_text().replace("server web:8000", "server 127.0.0.1:8000")
    local = local.replace("/var/cache/nginx", str(tmp_path)).replace("/tmp/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(local)
    done = subprocess.run(
        [program, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_proxys_log_holds_neither_query_strings_nor_visitors_addresses():
    words = re.search(r"log_format discreet '([^']*)'", (DEPLOY / "nginx.conf").read_text())
    assert words
    assert not {"$request ", "$args", "$remote_addr", "$http_referer"} & set(words[1].split(" "))
    assert "$uri" in words[1]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_pins_every_package_with_hashes_and_names_no_registry(name):
    text = (PROJECT / name).read_text()
    assert "http" not in text
    assert "--index-url" not in text
    pinned = re.findall(r"^([a-z0-9][\w.-]*(?:\[[\w,-]+\])?)==", text, re.M)
    assert len(pinned) > 40
    assert text.count("--hash=sha256:") >= len(pinned)


def test_what_running_needs_is_pinned_alike_for_tests():
    def pins(name):
        text = (PROJECT / name).read_text()
        return dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", text, re.M))

    running, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: tests.get(name) for name in running} == running


def test_every_direct_dependency_has_its_line_in_the_docs():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    told = (PROJECT / "docs" / "dependencies.md").read_text()
    named = [re.split(r"[\[<>=~ ]", each)[0] for each in project["dependencies"]]
    assert [name for name in named if name not in told] == []


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert f"## {VERSION}" in (PROJECT / "CHANGELOG.md").read_text()
    assert f"observatory:{VERSION}" in (PROJECT / "docker-compose.yml").read_text()


def test_the_setup_script_is_plain_shell():
    done = subprocess.run(["sh", "-n", str(DEPLOY / "setup.sh")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_make_help_lists_every_task():
    told = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True).stdout
    tasks = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.M)
    assert [task for task in tasks if f"make {task}" not in told] == []
