import java.io.File;
import java.util.List;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessPlugin;
import sigmaq.PipePlugin;

/** Starts an OpenSearch node that talks on standard input and output; arguments: its home, and where its data go: a folder that it removes in the end. */
public final class Main extends Node {
    private Main(Environment environment) {
        super(environment, List.of(PipePlugin.class, PainlessPlugin.class), false);
    }

    /** As the server does: it ends when a thread dies of an error. */
    private static void end(Thread thread, Throwable error) {
        error.printStackTrace();
        if (error instanceof Error || thread.getName().equals("main")) {
            System.exit(1);
        }
    }

    private static void remove(File file) {
        File[] below = file.listFiles();
        for (File each : below == null ? new File[0] : below) {
            remove(each);
        }
        file.delete();
    }

    public static void main(String[] arguments) throws Exception {
        System.setOut(System.err);
        Thread.setDefaultUncaughtExceptionHandler(Main::end);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(new File(arguments[1]))));
        Settings settings = Settings.builder()
            .put("path.home", arguments[0])
            .put("path.data", arguments[1])
            .put("cluster.name", "tests")
            .put("node.name", "alone")
            .put("discovery.type", "single-node")
            .put("transport.type", "alone")
            .put("http.type", "pipe")
            .put("node.processors", 1)
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("indices.breaker.total.use_real_memory", false)
            .build();
        new Main(new Environment(settings, null)).start();
    }
}
