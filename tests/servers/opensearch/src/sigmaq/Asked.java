package sigmaq;

import java.util.List;
import java.util.Map;
import org.opensearch.core.common.bytes.BytesArray;
import org.opensearch.core.common.bytes.BytesReference;
import org.opensearch.http.HttpRequest;
import org.opensearch.http.HttpResponse;
import org.opensearch.rest.RestRequest;
import org.opensearch.core.rest.RestStatus;

/** A request as it was read. */
record Asked(String name, String uri, byte[] bytes) implements HttpRequest {
    @Override
    public RestRequest.Method method() {
        return RestRequest.Method.valueOf(name);
    }

    @Override
    public BytesReference content() {
        return new BytesArray(bytes);
    }

    @Override
    public Map<String, List<String>> getHeaders() {
        return Map.of("Content-Type", List.of(uri.contains("/_bulk") ? "application/x-ndjson" : "application/json"));
    }

    @Override
    public List<String> strictCookies() {
        return List.of();
    }

    @Override
    public HttpVersion protocolVersion() {
        return HttpVersion.HTTP_1_1;
    }

    @Override
    public HttpRequest removeHeader(String header) {
        throw new UnsupportedOperationException();
    }

    @Override
    public HttpResponse createResponse(RestStatus status, BytesReference content) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Exception getInboundException() {
        return null;
    }

    @Override
    public void release() {}

    @Override
    public HttpRequest releaseAndCopy() {
        return this;
    }
}
