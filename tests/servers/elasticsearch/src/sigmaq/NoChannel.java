package sigmaq;

import java.net.InetSocketAddress;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.http.HttpChannel;
import org.elasticsearch.http.HttpResponse;

/** The connection that a request did not come by. */
final class NoChannel implements HttpChannel {
    @Override
    public void sendResponse(HttpResponse response, ActionListener<Void> listener) {
        throw new UnsupportedOperationException();
    }

    @Override
    public InetSocketAddress getLocalAddress() {
        return Alone.ADDRESS.publishAddress().address();
    }

    @Override
    public InetSocketAddress getRemoteAddress() {
        return Alone.ADDRESS.publishAddress().address();
    }

    @Override
    public void addCloseListener(ActionListener<Void> listener) {}

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
