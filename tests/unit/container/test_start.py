from pathlib import Path

import pytest

from ottla.container.start import UnusableConfigurationError, check_configuration, format_volume, login_file

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"


def configuration(folder: Path, **changes: str | None) -> str:
    """Write a configuration with some options set differently, dots written as underscores; return its path."""
    options: dict[str, str | None] = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(folder / "data"),
        **{name.replace("_", "."): value for name, value in changes.items()},
    }
    path = folder / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in options.items() if value is not None))
    return str(path)


def test_a_good_configuration_is_let_through(tmp_path: Path) -> None:
    check_configuration(configuration(tmp_path), {})


def test_a_bad_one_is_refused_with_its_place(tmp_path: Path) -> None:
    path = configuration(tmp_path, node_id="one")
    with pytest.raises(
        UnusableConfigurationError, match=rf"Invalid value one for configuration node\.id.*{path}:2"
    ):
        check_configuration(path, {})


def test_arguments_count_too(tmp_path: Path) -> None:
    with pytest.raises(UnusableConfigurationError, match="Invalid value many"):
        check_configuration(configuration(tmp_path), {}, ["--override", "num.partitions=many"])
    with pytest.raises(UnusableConfigurationError, match="Invalid value many"):
        check_configuration(configuration(tmp_path), {}, ["--override=num.partitions=many"])


SASL = {"listeners": "SASL_PLAINTEXT://:9092,CONTROLLER://:9093", "listener_security_protocol_map": None}


def test_a_sasl_listener_needs_a_login(tmp_path: Path) -> None:
    with pytest.raises(UnusableConfigurationError, match=r"entry in the JAAS configuration.*is not set"):
        check_configuration(configuration(tmp_path, **SASL), {})


def test_a_login_that_is_malformed_is_refused_first(tmp_path: Path) -> None:
    path = configuration(tmp_path, **SASL)
    with Path(path).open("a") as file:
        file.write("listener.name.sasl_plaintext.plain.sasl.jaas.config=a.B required x;\n")
    with pytest.raises(UnusableConfigurationError, match="Value not specified for key 'x' in JAAS config"):
        check_configuration(path, {})


def test_a_login_file_without_an_entry_for_the_broker_is_refused(tmp_path: Path) -> None:
    login = tmp_path / "jaas.conf"
    login.write_text("Client { a.B required; };")
    options = {"KAFKA_OPTS": f"-Dx=y -Djava.security.auth.login.config={login}"}
    with pytest.raises(UnusableConfigurationError, match=f"System property .* is {login}"):
        check_configuration(configuration(tmp_path, **SASL), options)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", None),
        ("-Xmx1G", None),
        ("-Djava.security.auth.login.config=/a.conf", "/a.conf"),
        ("-Xmx1G  -Djava.security.auth.login.config='/a.conf' -Dx=y", "/a.conf"),
    ],
)
def test_the_login_file_is_found_among_the_options_of_the_jvm(options: str, path: str | None) -> None:
    assert login_file({"KAFKA_OPTS": options}) == path


def test_a_new_volume_is_formatted_and_an_old_one_told_of(tmp_path: Path) -> None:
    path = configuration(tmp_path)
    first = format_volume(path, CLUSTER_ID)
    assert first.exit_code == 0
    assert f"cluster.id={CLUSTER_ID}" in (tmp_path / "data" / "meta.properties").read_text()
    second = format_volume(path, CLUSTER_ID)
    assert second.exit_code == 1
    assert second.is_done_before


def test_what_the_storage_tool_refuses_is_refused(tmp_path: Path) -> None:
    formatted = format_volume(configuration(tmp_path), CLUSTER_ID, ["--feature", "nothing=1"])
    assert formatted.exit_code == 1
    assert not formatted.is_done_before
    assert not (tmp_path / "data").exists()
