package sigmaq;

import java.util.List;
import java.util.Map;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.common.component.AbstractLifecycleComponent;
import org.elasticsearch.common.transport.BoundTransportAddress;
import org.elasticsearch.common.transport.TransportAddress;
import org.elasticsearch.transport.ConnectionProfile;
import org.elasticsearch.transport.Transport;
import org.elasticsearch.transport.TransportMessageListener;
import org.elasticsearch.transport.TransportStats;

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
    public BoundTransportAddress boundRemoteIngressAddress() {
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
        return new TransportStats(0, 0, 0, 0, 0, 0, new long[0], new long[0], Map.of());
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
