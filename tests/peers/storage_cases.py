"""Command lines for Kafka's storage tool and ours: what is configured, what is there already, and what is asked.

A table of data; `test_storage_tool.py` runs each row with both tools. `{config}` stands for the configuration file,
which gives the directories below the row's own folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
FIRST_ID = "JEXY6aqzQY-32P5TStzaFg"
SECOND_ID = "MvDxzVmcRsaTz33bUuRU6A"
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="

STATIC = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": "1@localhost:9093",
    "listeners": "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": "{root}/data",
}
DYNAMIC = {
    **{name: text for name, text in STATIC.items() if name != "controller.quorum.voters"},
    "controller.quorum.bootstrap.servers": "localhost:9093",
}
BROKER = {**DYNAMIC, "process.roles": "broker", "listeners": "PLAINTEXT://localhost:9092"}
CONTROLLER = {**DYNAMIC, "process.roles": "controller", "listeners": "CONTROLLER://localhost:9093"}
SECURE = {
    **STATIC,
    "listeners": "SASL_PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
    "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "SASL_PLAINTEXT",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
    "sasl.enabled.mechanisms": "SCRAM-SHA-256",
}
SEVERAL = {"log.dirs": "{root}/b,{root}/a", "metadata.log.dir": "{root}/c"}

PROPERTIES = f"version=1\ncluster.id={CLUSTER_ID}\nnode.id=1\ndirectory.id={FIRST_ID}\n"


@dataclass(frozen=True)
class Case:
    """One command line with its surroundings."""

    name: str
    arguments: str
    config: Mapping[str, str] = field(default_factory=lambda: STATIC)
    there: Mapping[str, str] = field(default_factory=dict)
    """Files that are there before, by their names below the case's folder."""
    own_words: bool = False
    """Whether Kafka ends with a trace that says nothing of the cause, so that the words are ours."""


FORMAT = f"format -t {CLUSTER_ID} -c {{config}}"
SCRAM = f"SCRAM-SHA-256=[name=alice,password=secret,salt={SALT}]"

FORMATS = (
    Case("static quorum", FORMAT),
    Case("long options", f"format --cluster-id={CLUSTER_ID} --config={{config}}"),
    Case("abbreviated options", f"form --cluster {CLUSTER_ID} --conf {{config}}"),
    Case("any cluster id", "format -c {config} -t a:b=c#d"),
    Case("any feature level 0", f"{FORMAT} -f group.version=0 -f transaction.version=0"),
    Case("the same feature twice", f"{FORMAT} -f group.version=1 -f group.version=0"),
    Case("a preview", f"{FORMAT} --feature share.version=1"),
    Case("the oldest release", f"{FORMAT} -r 3.3"),
    Case("the release as a feature", f"{FORMAT} -f metadata.version=21"),
    *(
        Case(f"release {release}", f"{FORMAT} --release-version {release}")
        for release in ("3.3-IV3", "3.5", "3.7.1", "3.9", "4.0-IV0", "4.0", "4.1", "4.1.1", "4.1-IV0")
    ),
    Case("a user", f"{FORMAT} -S {SCRAM}", SECURE),
    Case(
        "users of both mechanisms",
        f"{FORMAT} -S {SCRAM} --add-scram "
        f'SCRAM-SHA-512=[name="bob",iterations=8192,salt="{SALT}",saltedpassword="YCE="]',
    ),
    Case("a user in the first release that can", f"{FORMAT} -r 3.5-IV2 -S {SCRAM}"),
    Case("several directories", FORMAT, {**STATIC, **SEVERAL}),
    Case("a broker alone", FORMAT, BROKER),
    Case("a controller alone", f"{FORMAT} --standalone", CONTROLLER),
    Case("standalone", f"{FORMAT} -s", DYNAMIC),
    Case("standalone with its level", f"{FORMAT} -s -f kraft.version=1", DYNAMIC),
    Case("standalone in several directories", f"{FORMAT} -s", {**DYNAMIC, **SEVERAL}),
    Case("a static quorum with its level", f"{FORMAT} -f kraft.version=0"),
    Case("no initial controllers", f"{FORMAT} -N", DYNAMIC),
    Case("no initial controllers on a broker", f"{FORMAT} -N", BROKER),
    Case("no initial controllers of a configured quorum", f"{FORMAT} -N"),
    Case("initial controllers with this node", f"{FORMAT} -I 1@localhost:9093:{FIRST_ID}", DYNAMIC),
    Case(
        "several initial controllers",
        f"{FORMAT} -I 2@[::1]:9094:{SECOND_ID},1@localhost:9093:{FIRST_ID}",
        DYNAMIC,
    ),
    Case("initial controllers without this node", f"{FORMAT} -I 2@localhost:9093:{FIRST_ID}", DYNAMIC),
    Case(
        "a wildcard listener",
        f"{FORMAT} -s",
        {**DYNAMIC, "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093"},
    ),
    Case(
        "an advertised controller",
        f"{FORMAT} -s",
        {**DYNAMIC, "advertised.listeners": "PLAINTEXT://localhost:9092,CONTROLLER://controller.example:1"},
    ),
    Case("unstable levels", FORMAT, {**STATIC, "unstable.feature.versions.enable": "true"}),
    Case(
        "an unstable release",
        f"{FORMAT} -r 4.2-IV0 -f streams.version=1",
        {**STATIC, "unstable.feature.versions.enable": "true"},
    ),
    Case("an empty directory that is there", FORMAT, there={"data/.keep": ""}),
    Case("a directory that is formatted", f"{FORMAT} -g", there={"data/meta.properties": PROPERTIES}),
    Case(
        "one of several that is formatted",
        f"{FORMAT} --ignore-formatted",
        {**STATIC, **SEVERAL},
        {"a/meta.properties": PROPERTIES},
    ),
    Case(
        "one of several that is damaged",
        FORMAT,
        {**STATIC, **SEVERAL},
        {"a/meta.properties": "version=9\n"},
    ),
    Case(
        "all the rest is formatted",
        f"{FORMAT} -g",
        {**STATIC, "log.dirs": "{root}/a,{root}/b"},
        {"a/meta.properties": PROPERTIES, "b/meta.properties": "version=9\n"},
    ),
)

REFUSED_FORMATS = (
    Case("formatted already", FORMAT, there={"data/meta.properties": PROPERTIES}),
    Case(
        "of another cluster",
        "format -t other -c {config} -g",
        there={"data/meta.properties": PROPERTIES},
    ),
    Case(
        "of another node",
        f"{FORMAT} -g",
        {**STATIC, "node.id": "2", "controller.quorum.voters": "2@localhost:9093"},
        {"data/meta.properties": PROPERTIES},
    ),
    Case(
        "two directories with one id",
        f"{FORMAT} -g",
        {**STATIC, "log.dirs": "{root}/a,{root}/b"},
        {"a/meta.properties": PROPERTIES, "b/meta.properties": PROPERTIES},
    ),
    Case(
        "a reserved id",
        f"{FORMAT} -g",
        there={"data/meta.properties": PROPERTIES.replace(FIRST_ID, "AAAAAAAAAAAAAAAAAAAAAQ")},
    ),
    Case("a file in place of the directory", FORMAT, there={"data": ""}),
    Case("the only directory is damaged", FORMAT, there={"data/meta.properties": "version=9\n"}),
    Case("no voters and no word of them", FORMAT, DYNAMIC),
    Case("standalone with configured voters", f"{FORMAT} -s"),
    Case("initial controllers with configured voters", f"{FORMAT} -I 1@localhost:9093:{FIRST_ID}"),
    Case("standalone on a broker", f"{FORMAT} -s", BROKER),
    Case("kraft.version 1 of a static quorum", f"{FORMAT} -f kraft.version=1"),
    Case("kraft.version 0 of a recorded quorum", f"{FORMAT} -s -f kraft.version=0", DYNAMIC),
    Case("kraft.version 2", f"{FORMAT} -s -f kraft.version=2", DYNAMIC),
    Case("an unknown feature", f"{FORMAT} -f magic.version=1"),
    Case("an unknown level", f"{FORMAT} -f group.version=7"),
    Case("an unstable level", f"{FORMAT} -f streams.version=1"),
    Case("a feature without a level", f"{FORMAT} -f group.version"),
    Case("a level that is no number", f"{FORMAT} -f group.version=one"),
    Case("a level that is too large", f"{FORMAT} -f group.version=32768"),
    Case("a level without what it needs", f"{FORMAT} -r 4.0-IV0 -f eligible.leader.replicas.version=1"),
    Case("release and metadata.version", f"{FORMAT} -r 4.1 -f metadata.version=27"),
    Case("an unknown metadata.version", f"{FORMAT} -f metadata.version=6"),
    Case("an unknown release", f"{FORMAT} -r 2.8"),
    Case("a release to come", f"{FORMAT} -r 4.2"),
    Case("a release that is a word", f"{FORMAT} -r latest"),
    Case("an unstable release", f"{FORMAT} -r 4.2-IV1"),
    Case("a user before there were users", f"{FORMAT} -r 3.4 -S {SCRAM}"),
    Case("a user without equals sign", f"{FORMAT} -S SCRAM-SHA-256"),
    Case("an unknown mechanism", f"{FORMAT} -S SCRAM-SHA-1=[name=a,password=b]"),
    Case("a user without opening", f"{FORMAT} -S SCRAM-SHA-256=name=a,password=b]"),
    Case("a user without end", f"{FORMAT} -S SCRAM-SHA-256=[name=a,password=b"),
    Case("a user without a name", f"{FORMAT} -S SCRAM-SHA-256=[password=b]"),
    Case("a user without a password", f"{FORMAT} -S SCRAM-SHA-256=[name=a]"),
    Case("a salted password without salt", f"{FORMAT} -S SCRAM-SHA-256=[name=a,saltedpassword=YCE=]"),
    Case("a salt that is none", f"{FORMAT} -S SCRAM-SHA-256=[name=a,password=b,salt=*]"),
    Case("a salted password that is none", f"{FORMAT} -S SCRAM-SHA-256=[name=a,salt=YQ==,saltedpassword=*]"),
    Case("a part that is none", f"{FORMAT} -S SCRAM-SHA-256=[name=a,what]"),
    Case("too few iterations", f"{FORMAT} -S SCRAM-SHA-256=[name=a,password=b,iterations=4095]"),
    Case("too many iterations", f"{FORMAT} -S SCRAM-SHA-512=[name=a,password=b,iterations=16385]"),
    Case("iterations that are no number", f"{FORMAT} -S SCRAM-SHA-256=[name=a,password=b,iterations=x]"),
    Case("unknown parts of a user", f"{FORMAT} -S SCRAM-SHA-256=[name=a,password=b,z=1,x=2]"),
    *(
        Case(f"initial controllers {text}", f"{FORMAT} -I {text}", DYNAMIC)
        for text in (
            ",",
            "1",
            "x@h:1:x",
            "1@",
            "1@[::1",
            "1@h",
            "1@[::1]1",
            "1@h:1",
            "1@h:x:y",
            "1@h:70000:y",
            "1@h:1:short",
            f"1@h:1:{FIRST_ID},1@h:1:{SECOND_ID}",
        )
    ),
    Case("no configuration file", f"format -t {CLUSTER_ID} -c {{root}}/missing", own_words=True),
    Case("no roles", FORMAT, {name: text for name, text in STATIC.items() if name != "process.roles"}),
    Case("no node id", FORMAT, {name: text for name, text in STATIC.items() if name != "node.id"}),
    Case("a wrong type", FORMAT, {**STATIC, "num.partitions": "many"}),
    Case("out of range", FORMAT, {**STATIC, "log.segment.bytes": "1"}),
    Case("a voter that is not this node", FORMAT, {**STATIC, "controller.quorum.voters": "2@localhost:9093"}),
    Case("no directories", FORMAT, {**STATIC, "log.dirs": ","}),
    Case("a broker with a controller's listener", FORMAT, {**STATIC, "process.roles": "broker"}),
    Case("a role that there is not", FORMAT, {**STATIC, "process.roles": "broker,zookeeper"}),
)

INFOS = (
    Case("formatted", "info -c {config}", there={"data/meta.properties": PROPERTIES}),
    Case("formatted long ago", "info -c {config}", there={"data/meta.properties": "broker.id=1\n"}),
    Case("not formatted", "info -c {config}", there={"data/.keep": ""}),
    Case("missing", "info -c {config}"),
    Case("a file", "info -c {config}", there={"data": ""}),
    Case(
        "several",
        "info --config {config}",
        {**STATIC, **SEVERAL},
        {
            "a/meta.properties": PROPERTIES,
            "b/meta.properties": PROPERTIES.replace(FIRST_ID, SECOND_ID),
            "c/.keep": "",
        },
    ),
    Case(
        "several clusters",
        "info -c {config}",
        {**STATIC, **SEVERAL},
        {"a/meta.properties": PROPERTIES, "b/meta.properties": PROPERTIES.replace(CLUSTER_ID, "other")},
    ),
    Case(
        "several nodes",
        "info -c {config}",
        {**STATIC, **SEVERAL},
        {"a/meta.properties": PROPERTIES, "b/meta.properties": PROPERTIES.replace("node.id=1", "node.id=2")},
    ),
    *(
        Case(f"damaged: {text!r}", "info -c {config}", there={"data/meta.properties": text})
        for text in (
            "version=9",
            "version=x",
            "version=1\nnode.id=1",
            "version=1\ncluster.id=c",
            "version=1\ncluster.id=c\nnode.id=x",
            "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=short",
            "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=this-is-far-too-long-to-be-an-id",
            "version=1\ncluster.id=c\nnode.id=1\ndirectory.id=a/b",
        )
    ),
)

QUERIES = (
    Case("the latest", "version-mapping"),
    *(
        Case(f"mapping of {release}", f"version-mapping -r {release}")
        for release in ("3.3", "3.3-IV3", "3.9", "4.0-IV0", "4.0", "4.1", "4.1.1", "4.2-IV0", "4.2-IV1")
    ),
    *(
        Case(f"no mapping of {release}", f"version-mapping -r {release}")
        for release in ("2.8", "4.2", "x", "4")
    ),
    *(
        Case(f"dependencies of {text}", f"feature-dependencies -f {text}")
        for text in (
            "metadata.version=27",
            "metadata.version=29",
            "metadata.version=6",
            "group.version=1",
            "group.version=0",
            "group.version=7",
            "group.version=one",
            "transaction.version=2",
            "eligible.leader.replicas.version=1",
            "kraft.version=1",
            "share.version=1",
            "streams.version=1",
            "magic=1",
        )
    ),
    Case(
        "several dependencies", "feature-dependencies -f group.version=1 --feature magic=1 -f kraft.version=1"
    ),
    Case("no level", "feature-dependencies -f group.version", own_words=True),
)

ARGUMENTS = (
    Case("nothing", ""),
    Case("an unknown command", "frobnicate"),
    Case("a command that is nearly right", "fromat"),
    Case("an ambiguous command", "f"),
    Case("an unknown option", "--bogus"),
    Case("no options", "format"),
    Case("no cluster id", "format -c x"),
    Case("no configuration", f"format -t {CLUSTER_ID}"),
    Case("no value", "format -c"),
    Case("an option for a value", "format -c -t x"),
    Case("a cluster id with a dash", "format -c x -t -abc"),
    Case("an option that is nearly right", "format --confg x"),
    Case("an ambiguous option", "format --c x"),
    Case("another ambiguous option", "format --i x"),
    Case("a value for a switch", "format --standalone=x"),
    Case("too many words", "format -c x -t y z w"),
    Case("words behind a command without any", "random-uuid x"),
    Case("an unknown short option", "format -x"),
    Case("a file that is not there", "@no/such/file"),
    Case("nothing to depend on", "feature-dependencies"),
    Case("info without a configuration", "info"),
    Case("a voter without a node is a file", f"{FORMAT} -I @h:1:x", DYNAMIC),
    Case("a negative voter is an option", f"{FORMAT} -I -1@h:1:x", DYNAMIC),
    Case("a separator before the command", "-- format"),
    Case("two kinds of first controllers", "format -c x -t y -s --initial-controllers z"),
    Case("two kinds of first controllers, the other way round", "format -c x -t y -I z -N"),
)
