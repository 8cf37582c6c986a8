import java.io.File;
import java.nio.file.Path;
import java.util.Map;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Starts an Elasticsearch node that talks on standard input and output; arguments: its home, and where its data go: a folder that it removes in the end. */
public final class Main {
    private Main() {}

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
        LogConfigurator.loadLog4jPlugins();
        LogConfigurator.configureESLogging();
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
            .put("esql.query.result_truncation_default_size", 10_000)
            .build();
        Environment environment = new Environment(settings, null);
        Path modules = Path.of(arguments[0], "modules");
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(modules), PluginsLoader.loadPluginsBundles(Path.of(arguments[0], "plugins")), Map.of(), false);
        new Node(environment, plugins).start();
    }
}
