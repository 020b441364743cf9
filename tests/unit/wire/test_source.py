from ottla.wire.source import FunctionSource, join_path


def test_lines_are_indented_and_remember_their_paths():
    source = FunctionSource()
    with source.block("def f():"), source.inside("topics[{i1}]"):
        source.line("pass")
    source.line("done()")
    assert source.lines == ["def f():", "    pass", "done()"]
    assert source.paths == {2: "topics[{i1}]"}


def test_the_same_value_keeps_its_name():
    source = FunctionSource()
    value, other = object(), object()
    assert source.name("cls", value) == source.name("cls", value) != source.name("cls", other)
    assert source.names[source.name("cls", other)] is other


def test_struct_functions_are_big_endian_and_shared():
    source = FunctionSource()
    name, size = source.struct("pack", "hi?")
    assert size == 7
    assert source.names[name](1, 2, True) == bytes.fromhex("0001 00000002 01")
    assert source.struct("pack", "hi?") == (name, size)
    reader, _ = source.struct("unpack", "h")
    assert source.names[reader](b"\x00\x05", 0) == (5,)


def test_paths_are_joined_with_a_dot():
    assert join_path("", "topics") == "topics"
    assert join_path("topics[0]", "name") == "topics[0].name"
