import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.Permission;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.common.utils.Exit;

/**
 * Runs command-line tools of Apache Kafka inside one warm JVM, as if each had a process of its own.
 *
 * <p>One connection is one run. The caller sends the class name and the arguments (a count, then each as a length
 * and UTF-8), then frames of one letter, a length and bytes: {@code i} standard input, {@code z} its end. The
 * answer is frames {@code o} standard output, {@code e} standard error, and at last {@code x} with the exit code as
 * text. A caller that closes the connection has the run's shutdown hooks executed, as an interrupt would.
 *
 * <p>Standard streams belong to the thread that a run started in and to the threads that it starts; leaving through
 * {@link Exit} or {@link System#exit} unwinds the thread instead of ending the JVM. The JVM itself ends when its own
 * standard input does.
 */
public final class ToolServer {
    private static final int PIPE_SIZE_BYTES = 1 << 16;
    private static final InheritableThreadLocal<Run> CURRENT = new InheritableThreadLocal<>();

    private ToolServer() {
    }

    @SuppressWarnings("removal")
    public static void main(String[] args) throws IOException {
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        InputStream realIn = System.in;
        System.setOut(new SharedStream(new RunOutput('o', realOut)));
        System.setErr(new SharedStream(new RunOutput('e', realErr)));
        System.setIn(new RunInput());
        System.setSecurityManager(new ExitGuard());
        Exit.setExitProcedure((code, message) -> leave(code));
        Exit.setHaltProcedure((code, message) -> leave(code));
        Exit.setShutdownHookAdder((name, hook) -> {
            Run run = CURRENT.get();
            if (run != null) {
                run.hooks.add(hook);
            }
        });
        try (ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            realOut.println("tools are served on port " + server.getLocalPort());
            Thread acceptor = new Thread(() -> accept(server), "accept");
            acceptor.setDaemon(true);
            acceptor.start();
            while (realIn.read() != -1) {
                continue;
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static void accept(ServerSocket server) {
        while (true) {
            try {
                Run run = new Run(server.accept());
                Thread thread = new Thread(run::serve, "run");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void leave(int code) {
        Run run = CURRENT.get();
        if (run != null) {
            run.finish(code);
        }
        throw new Left();
    }

    /** Makes an end of the run out of {@link System#exit}, which argparse4j calls; everything else is allowed. */
    @SuppressWarnings("removal")
    private static final class ExitGuard extends SecurityManager {
        @Override
        public void checkExit(int code) {
            if (CURRENT.get() != null) {
                leave(code);
            }
        }

        @Override
        public void checkPermission(Permission permission) {
            // Allowed.
        }

        @Override
        public void checkPermission(Permission permission, Object context) {
            // Allowed.
        }
    }

    /** Unwinds a thread that called {@link Exit#exit}; an Error, so that a tool's own catch of exceptions misses it. */
    private static final class Left extends Error {
        private static final long serialVersionUID = 1L;

        Left() {
            super("left through Exit", null, false, false);
        }
    }

    private static final class Run {
        final ConcurrentLinkedQueue<Runnable> hooks = new ConcurrentLinkedQueue<>();
        private final Socket socket;
        private final DataOutputStream answers;
        private final PipedOutputStream typed = new PipedOutputStream();
        private final PipedInputStream input;
        private boolean finished;

        Run(Socket socket) throws IOException {
            this.socket = socket;
            this.answers = new DataOutputStream(socket.getOutputStream());
            this.input = new PipedInputStream(typed, PIPE_SIZE_BYTES);
        }

        void serve() {
            CURRENT.set(this);
            try (socket) {
                DataInputStream requests = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
                String className = readText(requests);
                String[] arguments = new String[requests.readInt()];
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = readText(requests);
                }
                Thread reader = new Thread(() -> readFrames(requests), "input");
                reader.setDaemon(true);
                reader.start();
                finish(execute(className, arguments));
            } catch (IOException gone) {
                interrupt();
            }
        }

        /** Sends a frame; nothing goes out after the exit code, nor to a caller who has gone. */
        synchronized void send(char kind, byte[] bytes, int offset, int length) {
            if (finished) {
                return;
            }
            try {
                answers.writeByte(kind);
                answers.writeInt(length);
                answers.write(bytes, offset, length);
                answers.flush();
            } catch (IOException gone) {
                // Not thrown on: a failure would stay with the stream, which later runs share.
                finished = true;
            }
        }

        /** Reports the exit code; what the run still does or says afterwards is of no interest to anyone. */
        synchronized void finish(int exitCode) {
            byte[] code = Integer.toString(exitCode).getBytes(StandardCharsets.US_ASCII);
            send('x', code, 0, code.length);
            finished = true;
        }

        private static int execute(String className, String[] arguments) {
            try {
                Class.forName(className).getMethod("main", String[].class).invoke(null, (Object) arguments);
                return 0;
            } catch (InvocationTargetException thrown) {
                if (!(thrown.getCause() instanceof Left)) {
                    System.err.print("Exception in thread \"main\" ");
                    thrown.getCause().printStackTrace();
                }
                return 1;
            } catch (ReflectiveOperationException missing) {
                System.err.println("Error: Could not find or load main class " + className);
                return 1;
            }
        }

        private void readFrames(DataInputStream requests) {
            try {
                while (true) {
                    int kind = requests.readByte();
                    byte[] bytes = new byte[requests.readInt()];
                    requests.readFully(bytes);
                    if (kind == 'z') {
                        typed.close();
                    } else {
                        typed.write(bytes);
                        typed.flush();
                    }
                }
            } catch (IOException gone) {
                interrupt();
            }
        }

        private void interrupt() {
            try {
                typed.close();
            } catch (IOException closed) {
                // The tool has stopped reading: nothing is lost.
            }
            for (Runnable hook = hooks.poll(); hook != null; hook = hooks.poll()) {
                hook.run();
            }
        }

        private static String readText(DataInputStream stream) throws IOException {
            byte[] bytes = new byte[stream.readInt()];
            stream.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** One for all runs: a tool that closes its standard output, as the metadata shell does, must not end that of others. */
    private static final class SharedStream extends PrintStream {
        SharedStream(RunOutput output) {
            super(output, true, StandardCharsets.UTF_8);
        }

        @Override
        public void close() {
            flush();
        }
    }

    private static final class RunOutput extends OutputStream {
        private final char kind;
        private final OutputStream outside;

        RunOutput(char kind, OutputStream outside) {
            this.kind = kind;
            this.outside = outside;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Run run = CURRENT.get();
            if (run == null) {
                outside.write(bytes, offset, length);
                outside.flush();
            } else {
                run.send(kind, bytes, offset, length);
            }
        }
    }

    private static final class RunInput extends InputStream {
        @Override
        public int read() throws IOException {
            Run run = CURRENT.get();
            return run == null ? -1 : run.input.read();
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Run run = CURRENT.get();
            return run == null ? -1 : run.input.read(bytes, offset, length);
        }

        @Override
        public int available() throws IOException {
            Run run = CURRENT.get();
            return run == null ? 0 : run.input.available();
        }
    }
}
