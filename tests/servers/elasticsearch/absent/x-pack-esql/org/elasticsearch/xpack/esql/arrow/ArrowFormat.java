package org.elasticsearch.xpack.esql.arrow;

import java.util.Map;
import java.util.Set;
import org.elasticsearch.xcontent.MediaType;

/** Stands for a class of a module that is not published: an output format that the tests do not ask for. */
public final class ArrowFormat implements MediaType {
    public static final ArrowFormat INSTANCE = new ArrowFormat();

    private ArrowFormat() {}

    @Override
    public String queryParameter() {
        return "arrow";
    }

    @Override
    public Set<HeaderValue> headerValues() {
        return Set.of(new HeaderValue("application/vnd.apache.arrow.stream", Map.of()));
    }
}
