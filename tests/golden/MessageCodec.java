import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.RequestHeader;

/**
 * Apache Kafka's generated message classes behind a pipe: bytes in, JSON and bytes out, and the other way round.
 *
 * <p>A batch on standard input is: operation (1 byte), class name (UTF), version (int16), count (int32), then each
 * item as int32 length and bytes. The answer to each item is a status byte, 0 or 1, and a blob as int32 length and
 * bytes; with status 1 the blob is the text of what Kafka's code threw.
 */
public final class MessageCodec {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final byte[] UNKNOWN_SMALL = {1, 2, 3};
    private static final int UNKNOWN_LARGE_BYTES = 200;

    private final MethodHandle create;
    private final MethodHandle toJson;
    private final MethodHandle fromJson;
    private final short version;

    private MessageCodec(String name, short version) throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        Class<?> type = Class.forName(name);
        Class<?> converter = Class.forName(name + "JsonConverter");
        this.version = version;
        create = lookup.findConstructor(type, MethodType.methodType(void.class))
            .asType(MethodType.methodType(Message.class));
        toJson = lookup.findStatic(converter, "write", MethodType.methodType(JsonNode.class, type, short.class))
            .asType(MethodType.methodType(JsonNode.class, Message.class, short.class));
        fromJson = lookup.findStatic(converter, "read", MethodType.methodType(type, JsonNode.class, short.class))
            .asType(MethodType.methodType(Message.class, JsonNode.class, short.class));
    }

    public static void main(String[] arguments) throws Throwable {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
        // Whatever else prints must not get between the answers.
        System.setOut(new PrintStream(System.err, true, StandardCharsets.UTF_8));
        int operation = in.read();
        while (operation >= 0) {
            String name = in.readUTF();
            short version = in.readShort();
            byte[][] items = new byte[in.readInt()][];
            for (int index = 0; index < items.length; index++) {
                items[index] = in.readNBytes(in.readInt());
            }
            for (byte[] item : items) {
                answer(out, (char) operation, name, version, item);
            }
            out.flush();
            operation = in.read();
        }
    }

    private static void answer(DataOutputStream out, char operation, String name, short version, byte[] item)
        throws IOException {
        byte[] answer;
        int status = 0;
        try {
            answer = run(operation, name, version, item);
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException(missing);
        } catch (Throwable refused) {
            // Kafka's parsers throw many kinds for malformed bytes; the other side judges them.
            status = 1;
            answer = refused.toString().getBytes(StandardCharsets.UTF_8);
        }
        out.writeByte(status);
        out.writeInt(answer.length);
        out.write(answer);
    }

    private static byte[] run(char operation, String name, short version, byte[] item) throws Throwable {
        switch (operation) {
            case 'P':
                return new MessageCodec(name, version).parsed(item, true);
            case 'G':
                return new MessageCodec(name, version).parsed(item, false);
            case 'J':
                return new MessageCodec(name, version).fromJson(item);
            case 'T':
                return new MessageCodec(name, version).withUnknownTags(item);
            case 'V':
                return MAPPER.writeValueAsBytes(versions(name));
            case 'A':
                return MAPPER.writeValueAsBytes(apis());
            case 'M':
                return MAPPER.writeValueAsBytes(metadataRecords());
            case 'R':
                return request(item);
            default:
                throw new IllegalArgumentException("no operation " + operation);
        }
    }

    /** Parse; answer the number of bytes consumed, the JSON form with its length, and maybe the bytes written again. */
    private byte[] parsed(byte[] item, boolean writeAgain) throws Throwable {
        ByteBuffer buffer = ByteBuffer.wrap(item);
        Message message = read(buffer);
        byte[] json = MAPPER.writeValueAsBytes((JsonNode) toJson.invokeExact(message, version));
        ByteArrayOutputStream collected = new ByteArrayOutputStream();
        DataOutputStream answer = new DataOutputStream(collected);
        answer.writeInt(buffer.position());
        answer.writeInt(json.length);
        answer.write(json);
        if (writeAgain) {
            answer.write(written(message));
        }
        return collected.toByteArray();
    }

    private byte[] fromJson(byte[] item) throws Throwable {
        return written((Message) fromJson.invokeExact(MAPPER.readTree(item), version));
    }

    private byte[] withUnknownTags(byte[] item) throws Throwable {
        Message message = read(ByteBuffer.wrap(item));
        addUnknownTags(message, 0);
        return written(message);
    }

    private Message read(ByteBuffer buffer) throws Throwable {
        Message message = (Message) create.invokeExact();
        message.read(new ByteBufferAccessor(buffer), version);
        return message;
    }

    private byte[] written(Message message) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) {
            throw new IllegalStateException(buffer.remaining() + " bytes were announced and not written");
        }
        return buffer.array();
    }

    private static void addUnknownTags(Message message, int depth) throws ReflectiveOperationException {
        message.unknownTaggedFields().add(new RawTaggedField(100, UNKNOWN_SMALL));
        message.unknownTaggedFields().add(new RawTaggedField(101 + depth, new byte[0]));
        message.unknownTaggedFields().add(new RawTaggedField(100_000, new byte[UNKNOWN_LARGE_BYTES]));
        for (Field field : message.getClass().getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                continue;
            }
            field.setAccessible(true);
            Object part = field.get(message);
            if (part instanceof Iterable<?> elements) {
                for (Object element : elements) {
                    if (element instanceof Message struct) {
                        addUnknownTags(struct, depth + 1);
                    }
                }
            } else if (part instanceof Message struct && !isDefault(struct)) {
                addUnknownTags(struct, depth + 1);
            }
        }
    }

    /** A struct of defaults may be one that the version does not have; Kafka would refuse to write it with tags. */
    private static boolean isDefault(Message struct) throws ReflectiveOperationException {
        return struct.equals(struct.getClass().getDeclaredConstructor().newInstance());
    }

    private static ObjectNode versions(String name) throws ReflectiveOperationException {
        Message message = (Message) Class.forName(name).getDeclaredConstructor().newInstance();
        ObjectNode node = MAPPER.createObjectNode();
        node.put("lowest", message.lowestSupportedVersion());
        node.put("highest", message.highestSupportedVersion());
        return node;
    }

    private static ArrayNode apis() {
        ArrayNode nodes = MAPPER.createArrayNode();
        for (ApiKeys api : ApiKeys.values()) {
            if (!api.hasValidVersion()) {
                continue;
            }
            ObjectNode node = nodes.addObject();
            node.put("key", api.id);
            node.put("name", api.name);
            node.put("enum", api.name());
            node.put("lowest", api.oldestVersion());
            node.put("highest", api.latestVersion());
            node.put("highestStable", api.latestVersion(false));
            node.put("broker", api.inScope(ApiMessageType.ListenerType.BROKER));
            node.put("controller", api.inScope(ApiMessageType.ListenerType.CONTROLLER));
            ArrayNode requests = node.putArray("requestHeaders");
            ArrayNode responses = node.putArray("responseHeaders");
            for (short version = api.oldestVersion(); version <= api.latestVersion(); version++) {
                requests.add(api.requestHeaderVersion(version));
                responses.add(api.responseHeaderVersion(version));
            }
        }
        return nodes;
    }

    private static ArrayNode metadataRecords() {
        ArrayNode nodes = MAPPER.createArrayNode();
        for (MetadataRecordType type : MetadataRecordType.values()) {
            ObjectNode node = nodes.addObject();
            node.put("key", type.id());
            node.put("class", type.newMetadataRecord().getClass().getSimpleName());
        }
        return nodes;
    }

    /** Parse header and body as the broker's request channel does; answer what was read and how far. */
    private static byte[] request(byte[] item) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(item);
        RequestHeader header = RequestHeader.parse(buffer);
        ObjectNode node = MAPPER.createObjectNode();
        node.put("apiKey", header.apiKey().id);
        node.put("apiVersion", header.apiVersion());
        node.put("correlationId", header.correlationId());
        node.put("clientId", header.clientId());
        node.put("headerBytes", buffer.position());
        AbstractRequest.parseRequest(header.apiKey(), header.apiVersion(), new ByteBufferAccessor(buffer));
        node.put("totalBytes", buffer.position());
        return MAPPER.writeValueAsBytes(node);
    }
}
