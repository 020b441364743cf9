from ottla.container.mounts import Mount, mounted_on_purpose, mounted_within, read_mounts

ANONYMOUS = "5" * 64
TABLE = f"""\
1043 935 0:49 / / rw,relatime master:270 - overlay overlay rw,lowerdir=/a
1046 1043 254:1 /var/lib/docker/volumes/{ANONYMOUS}/_data /var/lib/kafka/data rw - ext4 /dev/vda rw
1047 1043 254:1 /var/lib/docker/volumes/kafka-data/_data /bitnami/kafka rw - ext4 /dev/vda rw
1048 1043 254:1 /srv/my\\040files /mnt/shared/config ro - ext4 /dev/vda rw
1049 1043 254:1 /srv/server.properties /opt/kafka/config/server.properties ro - ext4 /dev/vda rw
"""
MOUNTS = read_mounts(TABLE)


def test_a_volume_that_nobody_named_is_anonymous() -> None:
    assert (
        Mount("/var/lib/kafka/data", is_anonymous=True),
        Mount("/bitnami/kafka", is_anonymous=False),
        Mount("/mnt/shared/config", is_anonymous=False),
        Mount("/opt/kafka/config/server.properties", is_anonymous=False),
    ) == MOUNTS


def test_a_blank_in_a_place_is_read() -> None:
    assert read_mounts("1 2 3:4 /a /with\\040blank rw - ext4 /dev/vda rw\n")[0].place == "/with blank"


def test_a_path_is_mounted_with_what_it_lies_in() -> None:
    assert mounted_on_purpose(MOUNTS, "/bitnami/kafka/data")
    assert mounted_on_purpose(MOUNTS, "/opt/kafka/config/server.properties")
    assert not mounted_on_purpose(MOUNTS, "/bitnami")
    assert not mounted_on_purpose(MOUNTS, "/var/lib/kafka/data")
    assert not mounted_on_purpose(MOUNTS, "/bitnami/kafkaesque")


def test_a_mount_lies_within_a_path() -> None:
    assert mounted_within(MOUNTS, "/bitnami")
    assert mounted_within(MOUNTS, "/opt/kafka")
    assert not mounted_within(MOUNTS, "/var/lib/kafka/data")
    assert not mounted_within(MOUNTS, "/bitnami/kafka/data")


def test_a_line_that_is_cut_is_passed_over() -> None:
    assert read_mounts("1 2\n\n") == ()
