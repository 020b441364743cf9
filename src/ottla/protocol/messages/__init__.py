"""One module per Kafka API, each with the typed request and response of that API; none imports another.

Class and field names are Kafka's, fields in snake case and in wire order; everything has Kafka's default. Versions are
those that 4.1.1 knows, the unstable newest one of some APIs included; `ottla.protocol.api` says which are served. A
field has a docstring where its name does not tell its meaning. What recurs everywhere is said here, once:

- `throttle_time_ms` (responses): how long a client that exceeded a quota is asked to stay away; 0 otherwise.
- `error_code`: a code of `ottla.errors`; 0 is success. `error_message`: the reason in words.
- `leader_epoch`, `current_leader_epoch`: which leadership of a partition is meant (KIP-320).
- `*_authorized_operations`: bit n stands for operation n of Kafka's AclOperation (KIP-430).
- `topic_id`: a `Uuid`; all zeroes when there is none (KIP-516).
- Names end in their unit; timestamps are ms since 1970.
"""
