import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.metadata.MetadataJsonConverters;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.FileRecords;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.SimpleRecord;
import org.apache.kafka.image.MetadataDelta;
import org.apache.kafka.image.MetadataImage;
import org.apache.kafka.image.MetadataProvenance;
import org.apache.kafka.image.writer.ImageWriterOptions;
import org.apache.kafka.image.writer.RecordListWriter;
import org.apache.kafka.metadata.MetadataRecordSerde;
import org.apache.kafka.server.common.ApiMessageAndVersion;
import org.apache.kafka.server.common.KRaftVersion;
import org.apache.kafka.server.common.OffsetAndEpoch;
import org.apache.kafka.snapshot.FileRawSnapshotWriter;
import org.apache.kafka.snapshot.RecordsSnapshotWriter;

/**
 * Logs and snapshots of metadata, written and understood by Apache Kafka's own classes.
 *
 * <p>{@code types} prints every type of record with its versions. {@code log DIRECTORY OFFSET EPOCH} and {@code
 * snapshot DIRECTORY OFFSET EPOCH} write a segment that begins at the offset, and a snapshot that ends there; each line
 * of standard input is a batch, an array of records in the form of Kafka's own tools: type, version and data. {@code
 * image FILE} prints the cluster that a file describes, as the records of a snapshot, one a line.
 */
public final class MetadataFiles {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final MetadataRecordSerde SERDE = MetadataRecordSerde.INSTANCE;
    private static final int BATCH_BYTES = 8 * 1024 * 1024;
    private static final int CONTROL_BATCH_BYTES = 512;
    private static final int LEADER = 1;

    private MetadataFiles() {
    }

    public static void main(String[] arguments) throws IOException {
        switch (arguments[0]) {
            case "types":
                printTypes();
                break;
            case "log":
                writeLog(Path.of(arguments[1]), Long.parseLong(arguments[2]), Integer.parseInt(arguments[3]));
                break;
            case "snapshot":
                writeSnapshot(Path.of(arguments[1]), Long.parseLong(arguments[2]), Integer.parseInt(arguments[3]));
                break;
            case "image":
                printImage(Path.of(arguments[1]));
                break;
            default:
                throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void printTypes() throws IOException {
        for (MetadataRecordType type : MetadataRecordType.values()) {
            ObjectNode node = MAPPER.createObjectNode();
            node.put("type", type.name());
            node.put("lowest", type.lowestSupportedVersion());
            node.put("highest", type.highestSupportedVersion());
            System.out.println(MAPPER.writeValueAsString(node));
        }
    }

    /** The first batch says who leads, as that of each epoch of Kafka's. */
    private static void writeLog(Path directory, long baseOffset, int epoch) throws IOException {
        long now = System.currentTimeMillis();
        Path file = directory.resolve(String.format("%020d.log", baseOffset));
        try (OutputStream log = Files.newOutputStream(file)) {
            LeaderChangeMessage leader = new LeaderChangeMessage()
                .setLeaderId(LEADER)
                .setVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(LEADER)))
                .setGrantingVoters(List.of(new LeaderChangeMessage.Voter().setVoterId(LEADER)));
            ByteBuffer buffer = ByteBuffer.allocate(CONTROL_BATCH_BYTES);
            append(log, MemoryRecords.withLeaderChangeMessage(baseOffset, now, epoch, buffer, leader));
            long offset = baseOffset + 1;
            for (List<ApiMessageAndVersion> batch : readBatches()) {
                SimpleRecord[] records = batch.stream()
                    .map(record -> new SimpleRecord(now, valueOf(record)))
                    .toArray(SimpleRecord[]::new);
                append(log, MemoryRecords.withRecords(offset, Compression.NONE, epoch, records));
                offset += records.length;
            }
            System.out.println(offset);
        }
    }

    private static void append(OutputStream log, MemoryRecords records) throws IOException {
        byte[] bytes = new byte[records.sizeInBytes()];
        records.buffer().duplicate().get(bytes);
        log.write(bytes);
    }

    private static void writeSnapshot(Path directory, long endOffset, int epoch) throws IOException {
        OffsetAndEpoch id = new OffsetAndEpoch(endOffset, epoch);
        try (RecordsSnapshotWriter<ApiMessageAndVersion> snapshot = new RecordsSnapshotWriter.Builder()
                .setLastContainedLogTimestamp(System.currentTimeMillis())
                .setMaxBatchSize(BATCH_BYTES)
                .setKraftVersion(KRaftVersion.KRAFT_VERSION_0)
                .setRawSnapshotWriter(FileRawSnapshotWriter.create(directory, id))
                .build(SERDE)) {
            for (List<ApiMessageAndVersion> batch : readBatches()) {
                snapshot.append(batch);
            }
            snapshot.freeze();
        }
    }

    private static List<List<ApiMessageAndVersion>> readBatches() throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<List<ApiMessageAndVersion>> batches = new ArrayList<>();
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            List<ApiMessageAndVersion> batch = new ArrayList<>();
            for (JsonNode record : MAPPER.readTree(line)) {
                short key = MetadataRecordType.valueOf(record.get("type").asText()).id();
                short version = (short) record.get("version").asInt();
                batch.add(new ApiMessageAndVersion(
                    MetadataJsonConverters.readJson(record.get("data"), key, version), version));
            }
            batches.add(batch);
        }
        return batches;
    }

    private static byte[] valueOf(ApiMessageAndVersion record) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(SERDE.recordSize(record, cache));
        SERDE.write(record, cache, new ByteBufferAccessor(buffer));
        return buffer.array();
    }

    private static void printImage(Path file) throws IOException {
        MetadataImage image = MetadataImage.EMPTY;
        List<ApiMessageAndVersion> transaction = null;
        try (FileRecords records = FileRecords.open(file.toFile(), false)) {
            for (RecordBatch batch : records.batches()) {
                List<ApiMessageAndVersion> taken = new ArrayList<>();
                for (ApiMessageAndVersion record : decoded(batch)) {
                    switch (MetadataRecordType.fromId(record.message().apiKey())) {
                        case BEGIN_TRANSACTION_RECORD:
                            transaction = new ArrayList<>();
                            break;
                        case END_TRANSACTION_RECORD:
                            taken.addAll(transaction);
                            transaction = null;
                            break;
                        case ABORT_TRANSACTION_RECORD:
                            transaction = null;
                            break;
                        default:
                            (transaction == null ? taken : transaction).add(record);
                    }
                }
                image = after(image, taken);
            }
        }
        ImageWriterOptions options = new ImageWriterOptions.Builder(image).build();
        RecordListWriter written = new RecordListWriter();
        image.write(written, options);
        for (ApiMessageAndVersion record : written.records()) {
            ObjectNode node = MAPPER.createObjectNode();
            node.put("type", MetadataRecordType.fromId(record.message().apiKey()).name());
            node.put("version", record.version());
            node.set("data", MetadataJsonConverters.writeJson(record.message(), record.version()));
            System.out.println(MAPPER.writeValueAsString(node));
        }
    }

    private static List<ApiMessageAndVersion> decoded(RecordBatch batch) {
        List<ApiMessageAndVersion> found = new ArrayList<>();
        if (!batch.isControlBatch()) {
            for (Record record : batch) {
                found.add(SERDE.read(new ByteBufferAccessor(record.value()), record.valueSize()));
            }
        }
        return found;
    }

    private static MetadataImage after(MetadataImage image, List<ApiMessageAndVersion> records) {
        MetadataDelta delta = new MetadataDelta.Builder().setImage(image).build();
        records.forEach(record -> delta.replay(record.message()));
        return delta.apply(new MetadataProvenance(0, 0, 0, true));
    }
}
