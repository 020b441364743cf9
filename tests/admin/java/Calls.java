package admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;

/**
 * The calls of a scenario, each with what came of it. The Admin that scenes are given notes which of its methods are
 * called, so that a method nobody calls is found; one that is left out is not called, and noted as well.
 */
final class Calls {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final ConfigResource MARKED = new ConfigResource(ConfigResource.Type.TOPIC, "settled");
    private static final String MARK = "retention.ms";
    private static final long SETTLE_LIMIT_NS = 30_000_000_000L;

    private final Set<String> leftOut;
    private final Admin settling;
    private final Set<String> called = new TreeSet<>();
    private final Set<String> missed = new TreeSet<>();
    private final ArrayNode entries = JSON.arrayNode();
    private String current;
    private long marks = 1_000_000;

    /** Takes what is left out, methods of Admin and parts of the scenario, and an Admin of a broker. */
    Calls(Set<String> leftOut, Admin settling) throws Exception {
        this.leftOut = leftOut;
        this.settling = settling;
        settling.createTopics(List.of(new NewTopic("settled", 1, (short) 1))).all().get();
    }

    /** A call of one method; what it returns is shown. */
    @FunctionalInterface
    interface Call {
        Object on(Admin admin) throws Exception;
    }

    /** The methods of Admin, of which none may be forgotten. */
    static List<String> methods() {
        return Arrays.stream(Admin.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(Calls::signature).sorted().toList();
    }

    private static String signature(Method method) {
        return Arrays.stream(method.getParameterTypes()).map(Class::getSimpleName)
            .collect(Collectors.joining(",", method.getName() + "(", ")"));
    }

    /** Notes the call of a static method, which no proxy sees. */
    void note(String signature) {
        called.add(signature);
    }

    /** Tells whether a part of the scenario is to be played. */
    boolean play(String part) {
        return !leftOut.contains(part);
    }

    /** Returns `admin` with each call of it noted. */
    Admin watch(Admin admin) {
        return (Admin) Proxy.newProxyInstance(
            Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                if (leftOut.contains(method.getName())) {
                    throw new LeftOut(signature(method));
                }
                current = signature(method);
                called.add(current);
                try {
                    return method.invoke(admin, arguments);
                } catch (InvocationTargetException thrown) {
                    throw thrown.getCause();
                }
            });
    }

    /** Makes a call that asks for something and keeps what came of it; `keys` are what the result can be asked about. */
    void look(Admin admin, String name, Call call, Object... keys) throws Exception {
        current = null;
        ObjectNode entry = JSON.objectNode();
        try {
            Object result = call.on(admin);
            entry.set("shown", Shown.of(result));
            if (result != null && keys.length > 0) {
                entry.set("about", Shown.about(result, List.of(keys)));
            }
        } catch (LeftOut method) {
            missed.add(method.getMessage());
            return;
        } catch (RuntimeException refused) {
            entry.set("thrown", Shown.refusal(refused));
        }
        entry.put("call", current + ": " + name);
        entries.add(entry);
    }

    /** Makes a call that changes something, and returns when the broker shows what was changed before. */
    void change(Admin admin, String name, Call call, Object... keys) throws Exception {
        look(admin, name, call, keys);
        settle();
    }

    /**
     * Returns when the broker has applied every change of the metadata so far: they are applied in order, so that the
     * last one, made here, tells for all.
     */
    void settle() throws Exception {
        String value = Long.toString(++marks);
        AlterConfigOp mark = new AlterConfigOp(new ConfigEntry(MARK, value), AlterConfigOp.OpType.SET);
        settling.incrementalAlterConfigs(Map.of(MARKED, List.of(mark))).all().get();
        long deadline = System.nanoTime() + SETTLE_LIMIT_NS;
        while (!value.equals(settling.describeConfigs(Set.of(MARKED)).all().get().get(MARKED).get(MARK).value())) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the broker does not apply what the controller has answered");
            }
            Thread.sleep(5);
        }
    }

    /** Everything that was seen. */
    ObjectNode report() throws InterruptedException {
        ObjectNode report = JSON.objectNode();
        report.set("methods", Shown.of(methods()));
        report.set("called", Shown.of(List.copyOf(called)));
        report.set("left_out", Shown.of(List.copyOf(missed)));
        report.set("calls", entries);
        return report;
    }

    /** Ends a call of a method that is left out. */
    private static final class LeftOut extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LeftOut(String method) {
            super(method);
        }
    }
}
