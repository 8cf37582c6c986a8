package sigmaq;

import java.util.Map;
import java.util.function.Supplier;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.common.network.NetworkService;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.BigArrays;
import org.opensearch.common.util.PageCacheRecycler;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.core.indices.breaker.CircuitBreakerService;
import org.opensearch.plugins.NetworkPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.telemetry.tracing.Tracer;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.Transport;
import org.opensearch.core.xcontent.NamedXContentRegistry;

/** Offers a node what keeps it from the network: {@code transport.type: alone} and {@code http.type: pipe}. */
@SuppressWarnings("deprecation")
public final class PipePlugin extends Plugin implements NetworkPlugin {
    @Override
    public Map<String, Supplier<Transport>> getTransports(
        Settings settings,
        ThreadPool threads,
        PageCacheRecycler pages,
        CircuitBreakerService breakers,
        NamedWriteableRegistry names,
        NetworkService network,
        Tracer tracer
    ) {
        return Map.of("alone", Alone::new);
    }

    @Override
    public Map<String, Supplier<HttpServerTransport>> getHttpTransports(
        Settings settings,
        ThreadPool threads,
        BigArrays arrays,
        PageCacheRecycler pages,
        CircuitBreakerService breakers,
        NamedXContentRegistry names,
        NetworkService network,
        HttpServerTransport.Dispatcher dispatcher,
        ClusterSettings cluster,
        Tracer tracer
    ) {
        return Map.of("pipe", () -> new Pipe(dispatcher, threads, names));
    }
}
