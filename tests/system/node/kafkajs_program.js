// kafkajs: one behaviour a run, its facts as a line of JSON.
'use strict'

const kafkajs = require('kafkajs')
const lz4 = require('lz4-napi')
const snappy = require('kafkajs-snappy')
const { ZstdCodec } = require('zstd-codec')

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes } = kafkajs

const WAIT_MS = 30_000
const RECORD_COUNT = 500
const LARGEST_VALUE_BYTES = 1_048_516
const FIRST_TIMESTAMP = 1_700_000_000_123
const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

const [behaviour, variant, bootstrap, name] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({
  brokers: [bootstrap],
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 100 },
})
const opened = []

/** Plug in the codecs that kafkajs leaves to others, with packages that need no compiler. */
const plugCodecs = async () => {
  const zstd = await new Promise(ZstdCodec.run)
  const codecOf = (compress, decompress) => () => ({
    compress: async encoder => Buffer.from(await compress(encoder.buffer)),
    decompress: async buffer => Buffer.from(await decompress(buffer)),
  })
  CompressionCodecs[CompressionTypes.Snappy] = snappy
  CompressionCodecs[CompressionTypes.LZ4] = codecOf(lz4.compressFrame, lz4.decompressFrame)
  CompressionCodecs[CompressionTypes.ZSTD] = codecOf(
    bytes => new zstd.Streaming().compress(bytes),
    bytes => new zstd.Streaming().decompress(bytes)
  )
}

/** Connect a client that the end of the run disconnects. */
const open = async client => {
  await client.connect()
  opened.push(client)
  return client
}

const close = async client => {
  opened.splice(opened.indexOf(client), 1)
  await client.disconnect()
}

const openAdmin = options => open(kafka.admin(options))

const openProducer = options =>
  open(kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, ...options }))

const numbers = (first, end) => Array.from({ length: end - first }, (_, at) => String(first + at))

/** Wait until something is so, which every change of the members may make it. */
const until = async (members, reached, what) => {
  let timer
  await new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(what)), WAIT_MS)
    const look = () => reached() && resolve()
    members.forEach(member => (member.changed = look))
    look()
  }).finally(() => clearTimeout(timer))
}

/** The number of the broker's error that a call is refused with; 0 where it is not. */
const refusal = async call => {
  try {
    await call
  } catch (error) {
    let refused = error
    while (refused.code === undefined) {
      const several = refused.errors ?? [refused.partitions, refused.groups].flatMap(each => each ?? [])
      refused = several[0]?.error ?? several[0] ?? refused.cause
      if (refused === undefined) throw error
    }
    return refused.code
  }
  return 0
}

const create = async (topics, numPartitions = 1, configs = {}) => {
  const admin = await openAdmin()
  const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }))
  const wanted = topics.map(topic => ({ topic, numPartitions, replicationFactor: 1, configEntries }))
  await admin.createTopics({ topics: wanted })
  await close(admin)
}

/** Send values to partition 0, `size` of them a batch, and return their offsets: a batch tells its first. */
const sendAll = async (values, { size = values.length, compression, acks, ...options } = {}) => {
  const producer = await openProducer(options)
  const offsets = []
  for (let at = 0; at < values.length; at += size) {
    const messages = values.slice(at, at + size).map(value => ({ value, partition: 0 }))
    const [place] = await producer.send({ topic: name, messages, compression, acks })
    if (place) messages.forEach((_, index) => offsets.push(Number(place.baseOffset) + index))
  }
  await close(producer)
  return offsets
}

/** A member of the group `name` and what it has received, which waits until it is taken. */
class Member {
  constructor(options = {}) {
    this.consumer = kafka.consumer({ groupId: name, heartbeatInterval: 100, maxWaitTimeInMs: 100, ...options })
    this.received = []
    this.share = []
    this.changed = () => {}
    this.consumer.on(this.consumer.events.GROUP_JOIN, ({ payload }) => {
      this.share = Object.entries(payload.memberAssignment)
        .flatMap(([topic, partitions]) => partitions.map(partition => `${topic.at(-1)}-${partition}`))
        .sort()
      this.changed()
    })
  }

  /** Join and receive every message by itself; with `batches` a batch at a time. */
  async run({ topics = [name], batches = false, ...options } = {}) {
    await open(this.consumer)
    await this.consumer.subscribe({ topics, fromBeginning: true })
    const receive = (partition, message) => {
      this.received.push({ partition, ...message })
      this.changed()
    }
    const eachMessage = async ({ partition, message }) => receive(partition, message)
    const eachBatch = async ({ batch, resolveOffset, heartbeat }) => {
      for (const message of batch.messages) {
        receive(batch.partition, message)
        resolveOffset(message.offset)
      }
      await heartbeat()
    }
    await this.consumer.run({ ...(batches ? { eachBatch } : { eachMessage }), ...options })
    return this
  }

  async take(count) {
    await until([this], () => this.received.length >= count, `${count} messages have not come`)
    return this.received.splice(0, count)
  }

  /** Move to an offset; what came from before is not wanted any more. */
  seek(offset) {
    this.consumer.seek({ topic: name, partition: 0, offset })
    this.received = []
  }

  leave() {
    return close(this.consumer)
  }
}

const join = options => new Member().run(options)

const texts = messages => messages.map(({ value }) => value.toString())

/** Read the first messages of partition 0; there is no reading without a group. */
const read = async count => {
  const reader = await new Member({ groupId: `${name}-reader` }).run({ autoCommit: false })
  const messages = await reader.take(count)
  await reader.leave()
  return messages
}

const committed = async (admin, options = {}) => {
  const [{ partitions }] = await admin.fetchOffsets({ groupId: name, topics: [name], ...options })
  return partitions.sort((one, other) => one.partition - other.partition)
}

const contents = async () => {
  const headers = { trace: [Buffer.from('00ff', 'hex'), Buffer.alloc(0)], näme: 'value' }
  const sent = [
    { key: 'key', value: 'value', headers },
    { key: Buffer.alloc(0), value: null },
    { key: null, value: Buffer.alloc(0) },
  ]
  const producer = await openProducer()
  const offsets = []
  for (const [at, message] of sent.entries()) {
    const messages = [{ ...message, partition: 0, timestamp: String(FIRST_TIMESTAMP + at) }]
    const [place] = await producer.send({ topic: name, messages })
    offsets.push(Number(place.baseOffset))
  }
  const hex = bytes => (bytes === null ? null : bytes.toString('hex'))
  const records = (await read(3)).map(message => ({
    offset: Number(message.offset),
    key: hex(message.key),
    value: hex(message.value),
    headers: Object.entries(message.headers).flatMap(([key, of]) => [of].flat().map(value => [key, hex(value)])),
    timestamp: Number(message.timestamp),
  }))
  return { offsets, records }
}

const compression = async () => {
  await create([name])
  const values = numbers(0, RECORD_COUNT).map(number => `value ${number} `.repeat(20))
  const produced = await sendAll(values, { size: 100, compression: CODECS[variant] })
  const messages = await read(RECORD_COUNT)
  return { produced, consumed: messages.map(({ offset }) => Number(offset)), values: texts(messages) }
}

const acks = async () => {
  await create([name])
  await sendAll(['value'], { acks: variant === 'all' ? -1 : Number(variant) })
  return { values: texts(await read(1)) }
}

const idempotence = async () => {
  await create([name])
  await sendAll(numbers(0, RECORD_COUNT), { idempotent: true, maxInFlightRequests: 1, size: 50 })
  return { values: texts(await read(RECORD_COUNT)) }
}

const large = async () => {
  await create([name])
  const producer = await openProducer({ retry: { retries: 0 } })
  const send = async sizeBytes => {
    const messages = [{ value: Buffer.alloc(sizeBytes, 'x'), partition: 0 }]
    const [place] = await producer.send({ topic: name, messages })
    return Number(place.baseOffset)
  }
  const taken = await send(LARGEST_VALUE_BYTES)
  const refused = await refusal(send(LARGEST_VALUE_BYTES + 1))
  const after = await send(5)
  return { taken, refused, after, sizes: (await read(2)).map(({ value }) => value.length) }
}

const refusals = async () => {
  const admin = await openAdmin()
  const producer = await openProducer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
  return {
    described: await refusal(admin.fetchTopicMetadata({ topics: [name] })),
    produced: await refusal(producer.send({ topic: name, messages: [{ value: 'value' }] })),
    invalid_name: await refusal(admin.createTopics({ topics: [{ topic: 'no name' }] })),
  }
}

const seek = async () => {
  await create([name])
  const admin = await openAdmin()
  const producer = await openProducer()
  const messages = numbers(0, 100).map((value, at) => {
    return { value, partition: 0, timestamp: String(1_000_000 + at * 1000) }
  })
  await producer.send({ topic: name, messages })
  const ends = async () => {
    const [{ low, high }] = await admin.fetchTopicOffsets(name)
    return [low, high].map(Number)
  }
  const byTime = async timestamp => Number((await admin.fetchTopicOffsetsByTimestamp(name, timestamp))[0].offset)
  const facts = { ends: await ends(), by_time: await byTime(1_050_500), after_the_last: await byTime(2_000_000) }
  const member = await join()
  member.seek('42')
  facts.at_42 = texts(await member.take(3))
  member.seek('-2')
  facts.beginning = texts(await member.take(1))
  member.seek(String((await ends())[1]))
  await sendAll(['last'])
  facts.end = texts(await member.take(1))
  member.seek('5000')
  facts.reset = texts(await member.take(1))
  return facts
}

const manualCommits = async () => {
  await create([name])
  await sendAll(numbers(0, 10))
  const admin = await openAdmin()
  const first = await join({ autoCommit: false })
  const facts = { first: texts(await first.take(6)) }
  await first.consumer.commitOffsets([{ topic: name, partition: 0, offset: '4', metadata: 'a note' }])
  await first.leave()
  const [{ offset, metadata }] = await committed(admin)
  const second = await join({ autoCommit: false })
  return { ...facts, committed: Number(offset), metadata, second: texts(await second.take(6)) }
}

const automaticCommits = async () => {
  await create([name])
  await sendAll(numbers(0, 10))
  const admin = await openAdmin()
  const first = await join({ batches: true })
  const facts = { first: texts(await first.take(10)) }
  await first.leave()
  const [{ offset }] = await committed(admin)
  await sendAll(['10'])
  const second = await join({ batches: true })
  return { ...facts, committed: Number(offset), second: texts(await second.take(1)) }
}

const partitions = async () => {
  await create([name], 3)
  const admin = await openAdmin()
  const producer = await openProducer()
  const send = (first, end) => {
    const messages = numbers(first, end).map(value => ({ value, partition: value % 3 }))
    return producer.sendBatch({ topicMessages: [{ topic: name, messages }] })
  }
  const from = (messages, wanted) => texts(messages.filter(({ partition }) => partition === wanted))
  const byPartition = messages => [0, 1, 2].map(wanted => from(messages, wanted))
  const options = { topics: [new RegExp(`^${name}$`)], batches: true, partitionsConsumedConcurrently: 3 }
  await send(0, 30)
  const first = await join(options)
  const taken = byPartition(await first.take(30))
  await first.leave()
  const offsets = (await committed(admin)).map(({ offset }) => Number(offset))
  await send(30, 33)
  const second = await join(options)
  return { taken, committed: offsets, rest: byPartition(await second.take(3)) }
}

const assignor = async () => {
  const topics = [`${name}-a`, `${name}-b`]
  await create(topics, 3)
  const admin = await openAdmin()
  const [first, second] = [await join({ topics }), await join({ topics })]
  const shared = () => {
    const both = [...first.share, ...second.share]
    return second.share.length > 0 && first.share.length > 0 && both.length === 6 && new Set(both).size === 6
  }
  await until([first, second], shared, 'the group has not settled')
  const sizes = [first.share.length, second.share.length].sort().reverse()
  const { groups } = await admin.describeGroups([name])
  await second.leave()
  await until([first], () => first.share.length === 6, 'the last member has not taken all')
  const [{ protocol, state, members }] = groups
  return { protocol, state, members: members.length, sizes, alone: first.share }
}

const topics = async () => {
  await create([name], 2)
  const admin = await openAdmin({ retry: { retries: 0 } }) // or it asks again for a topic that is not there
  const wanted = { topic: name, numPartitions: 2, replicationFactor: 1 }
  const count = async () => (await admin.fetchTopicMetadata({ topics: [name] })).topics[0].partitions.length
  const listed = async () => (await admin.listTopics()).includes(name)
  const grow = to => admin.createPartitions({ topicPartitions: [{ topic: name, count: to }] })
  const counts = [await count()]
  const seen = [await listed()]
  const again = await admin.createTopics({ topics: [wanted] })
  await grow(4)
  counts.push(await count())
  const fewer = await refusal(grow(1))
  await admin.deleteTopics({ topics: [name] })
  seen.push(await listed())
  const deletedAgain = await refusal(admin.deleteTopics({ topics: [name] }))
  return { partitions: counts, again, fewer, listed: seen, deleted_again: deletedAgain }
}

const configs = async () => {
  await create([name], 1, { 'retention.ms': '60000' })
  const admin = await openAdmin()
  const resource = { type: ConfigResourceTypes.TOPIC, name }
  const configNames = ['retention.ms', 'segment.ms']
  const described = async () => {
    const asked = { resources: [{ ...resource, configNames }], includeSynonyms: false }
    const { resources } = await admin.describeConfigs(asked)
    const entries = new Map(resources[0].configEntries.map(entry => [entry.configName, entry.configValue]))
    return configNames.map(key => entries.get(key))
  }
  const alter = changes => {
    const configEntries = Object.entries(changes).map(([key, value]) => ({ name: key, value }))
    return admin.alterConfigs({ resources: [{ ...resource, configEntries }], validateOnly: false })
  }
  const created = await described()
  await alter({ 'retention.ms': '60000', 'segment.ms': '2000000' })
  return { created, altered: await described(), invalid: await refusal(alter({ 'retention.ms': 'soon' })) }
}

const groups = async () => {
  await create([name])
  await sendAll(numbers(0, 5))
  const admin = await openAdmin()
  const member = await join()
  await member.take(5)
  await member.leave()
  const listed = async () => (await admin.listGroups()).groups.some(({ groupId }) => groupId === name)
  const seen = [await listed()]
  const [{ state }] = (await admin.describeGroups([name])).groups
  const [{ offset }] = await committed(admin)
  await admin.deleteGroups([name])
  seen.push(await listed())
  return { listed: seen, state, offset: Number(offset), deleted_again: await refusal(admin.deleteGroups([name])) }
}

/** Three groups, one for each way, since it takes the client five seconds to set an offset. */
const resets = async () => {
  await create([name])
  await sendAll(numbers(0, 10))
  const admin = await openAdmin()
  const committedBy = async (groupId, options) => Number((await committed(admin, { groupId, ...options }))[0].offset)
  const nextOf = async groupId => {
    const member = await new Member({ groupId }).run({ autoCommit: false })
    const [value] = texts(await member.take(1))
    await member.leave()
    return value
  }
  const [set, first, last] = ['set', 'first', 'last'].map(way => ({ groupId: `${name}-${way}`, topic: name }))
  await Promise.all([
    admin.setOffsets({ ...set, partitions: [{ partition: 0, offset: '7' }] }),
    admin.resetOffsets({ ...first, earliest: true }),
    admin.resetOffsets({ ...last, earliest: false }),
  ])
  // An end is committed as a sign for it, until somebody asks for the offset.
  const signs = [await committedBy(first.groupId), await committedBy(last.groupId)]
  const ends = await Promise.all([first, last].map(each => committedBy(each.groupId, { resolveOffsets: true })))
  await sendAll(['10'])
  return {
    set: [await committedBy(set.groupId), await nextOf(set.groupId)],
    first: [ends[0], await nextOf(first.groupId)],
    last: [ends[1], await nextOf(last.groupId)],
    signs,
  }
}

const records = async () => {
  await create([name])
  await sendAll(numbers(0, 5))
  const admin = await openAdmin()
  const ends = async () => {
    const [{ low, high }] = await admin.fetchTopicOffsets(name)
    return [low, high].map(Number)
  }
  const remove = offset => admin.deleteTopicRecords({ topic: name, partitions: [{ partition: 0, offset }] })
  await ends() // it removes only from topics that it has heard of
  await remove('3')
  return { ends: await ends(), beyond: await refusal(remove('50')) }
}

const cluster = async () => {
  const admin = await openAdmin()
  const { brokers, controller, clusterId } = await admin.describeCluster()
  return { nodes: brokers.map(({ nodeId }) => nodeId), controller, cluster_id_length: clusterId.length }
}

const transactions = async () => {
  try {
    const producer = await openProducer({ transactionalId: name, idempotent: true, maxInFlightRequests: 1 })
    await (await producer.transaction()).abort()
  } catch (error) {
    // It keeps to itself why there is no coordinator.
    if (error.name !== 'KafkaJSGroupCoordinatorNotFound') throw error
    return { refused: error.name }
  }
  return { refused: 0 }
}

const behaviours = {
  contents,
  compression,
  acks,
  idempotence,
  large,
  refusals,
  seek,
  'manual-commits': manualCommits,
  'automatic-commits': automaticCommits,
  partitions,
  assignor,
  topics,
  configs,
  groups,
  resets,
  records,
  cluster,
  transactions,
}

const main = async () => {
  await plugCodecs()
  const facts = await behaviours[behaviour]()
  await Promise.all(opened.map(client => client.disconnect()))
  const { version } = require('kafkajs/package.json')
  console.log(JSON.stringify({ version, facts }))
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
