import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import kafka.docker.KafkaDockerWrapper$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Lets Apache's own KafkaDockerWrapper put configuration files together, one environment after the other: on standard
 * input three directories and the variables, each a length and as many bytes of UTF-8; on standard output a 0 once the
 * file is written, or a 1 and what went wrong.
 */
public final class DockerWrapperServer {
    private DockerWrapperServer() {
    }

    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            Path defaults;
            try {
                defaults = Path.of(text(in));
            } catch (EOFException ended) {
                return;
            }
            Path mounted = Path.of(text(in));
            Path made = Path.of(text(in));
            Map<String, String> environment = new HashMap<>();
            int count = in.readInt();
            for (int each = 0; each < count; each++) {
                String name = text(in);
                environment.put(name, text(in));
            }
            scala.collection.immutable.Map<String, String> variables =
                scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(environment));
            try {
                KafkaDockerWrapper$.MODULE$.prepareServerConfigs(defaults, mounted, made, variables);
                out.writeByte(0);
            } catch (RuntimeException failed) {
                byte[] words = String.valueOf(failed).getBytes(StandardCharsets.UTF_8);
                out.writeByte(1);
                out.writeInt(words.length);
                out.write(words);
            }
            out.flush();
        }
    }

    private static String text(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
