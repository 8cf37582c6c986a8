package sigmaq;

import java.util.List;
import java.util.Map;
import org.opensearch.core.action.ActionListener;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.common.lifecycle.AbstractLifecycleComponent;
import org.opensearch.core.common.transport.BoundTransportAddress;
import org.opensearch.core.common.transport.TransportAddress;
import org.opensearch.transport.ConnectionProfile;
import org.opensearch.transport.Transport;
import org.opensearch.transport.TransportMessageListener;
import org.opensearch.transport.TransportStats;

/** The transport of a node that is alone: it opens no port and connects to nothing. */
final class Alone extends AbstractLifecycleComponent implements Transport {
    private static final TransportAddress NOWHERE = new TransportAddress(TransportAddress.META_ADDRESS, 0);

    static final BoundTransportAddress ADDRESS = new BoundTransportAddress(new TransportAddress[] { NOWHERE }, NOWHERE);

    private final ResponseHandlers responses = new ResponseHandlers();
    private final RequestHandlers requests = new RequestHandlers();

    @Override
    public void openConnection(DiscoveryNode node, ConnectionProfile profile, ActionListener<Connection> listener) {
        listener.onFailure(new IllegalStateException("this node is alone"));
    }

    @Override
    public void setMessageListener(TransportMessageListener listener) {}

    @Override
    public BoundTransportAddress boundAddress() {
        return ADDRESS;
    }

    @Override
    public Map<String, BoundTransportAddress> profileBoundAddresses() {
        return Map.of();
    }

    @Override
    public TransportAddress[] addressesFromString(String address) {
        return new TransportAddress[0];
    }

    @Override
    public List<String> getDefaultSeedAddresses() {
        return List.of();
    }

    @Override
    public TransportStats getStats() {
        return new TransportStats(0, 0, 0, 0, 0, 0);
    }

    @Override
    public ResponseHandlers getResponseHandlers() {
        return responses;
    }

    @Override
    public RequestHandlers getRequestHandlers() {
        return requests;
    }

    @Override
    protected void doStart() {}

    @Override
    protected void doStop() {}

    @Override
    protected void doClose() {}
}
