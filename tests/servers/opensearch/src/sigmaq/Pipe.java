package sigmaq;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.opensearch.common.lifecycle.AbstractLifecycleComponent;
import org.opensearch.core.common.transport.BoundTransportAddress;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.http.HttpInfo;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.http.HttpStats;
import org.opensearch.rest.AbstractRestChannel;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.RestResponse;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.core.xcontent.NamedXContentRegistry;

/**
 * The node's REST interface on standard input and output, one request after the other, in place of HTTP.
 *
 * <p>A request is a line "METHOD path length" and as many bytes of JSON; its answer is a line "status
 * length" and as many bytes. The end of the input ends the process.
 */
final class Pipe extends AbstractLifecycleComponent implements HttpServerTransport {
    private final DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Dispatcher dispatcher;
    private final ThreadPool threads;
    private final NamedXContentRegistry names;

    Pipe(Dispatcher dispatcher, ThreadPool threads, NamedXContentRegistry names) {
        this.dispatcher = dispatcher;
        this.threads = threads;
        this.names = names;
    }

    @Override
    protected void doStart() {
        Thread thread = new Thread(this::run, "pipe");
        thread.start();
    }

    private void run() {
        try {
            serve();
        } catch (IOException | RuntimeException error) {
            error.printStackTrace();
        }
        System.exit(0);
    }

    private void serve() throws IOException {
        for (String line = line(); !line.isEmpty(); line = line()) {
            String[] head = line.split(" ");
            byte[] body = new byte[Integer.parseInt(head[2])];
            in.readFully(body);
            Answer answer = new Answer(RestRequest.request(names, new Asked(head[0], head[1], body), new NoChannel()));
            ThreadContext context = threads.getThreadContext();
            try (ThreadContext.StoredContext ignored = context.stashContext()) {
                dispatcher.dispatchRequest(answer.request(), answer, context);
            }
            answer.write();
        }
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int each = in.read(); each >= 0 && each != '\n'; each = in.read()) {
            line.write(each);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** The channel of one request: keeps its response until it is written. */
    private final class Answer extends AbstractRestChannel {
        private final CompletableFuture<byte[]> done = new CompletableFuture<>();

        Answer(RestRequest request) {
            super(request, true);
        }

        @Override
        public void sendResponse(RestResponse response) {
            try {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                bytes.writeBytes((response.status().getStatus() + " " + response.content().length() + "\n").getBytes(StandardCharsets.UTF_8));
                response.content().writeTo(bytes);
                done.complete(bytes.toByteArray());
            } catch (IOException | RuntimeException error) {
                done.completeExceptionally(error);
            }
        }

        void write() throws IOException {
            out.write(done.join());
            out.flush();
        }
    }

    @Override
    public BoundTransportAddress boundAddress() {
        return Alone.ADDRESS;
    }

    @Override
    public HttpInfo info() {
        return new HttpInfo(Alone.ADDRESS, 0);
    }

    @Override
    public HttpStats stats() {
        return new HttpStats(0, 0);
    }

    @Override
    protected void doStop() {}

    @Override
    protected void doClose() {}
}
