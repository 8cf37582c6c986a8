import com.teragrep.pth_03.antlr.DPLLexer;
import com.teragrep.pth_03.antlr.DPLParser;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.BaseErrorListener;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.CharStreams;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.CommonTokenStream;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.RecognitionException;
import com.teragrep.pth_03.shaded.org.antlr.v4.runtime.Recognizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Reads queries, one a line, and prints for each the first error, or an empty line. */
final class Dpl {
    public static void main(String[] arguments) throws IOException {
        BufferedReader queries = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream answers = new PrintStream(System.out, false, "UTF-8");
        for (String query; (query = queries.readLine()) != null;) {
            answers.println(error(query));
        }
        answers.flush();
    }

    private static String error(String query) {
        StringBuilder found = new StringBuilder();
        BaseErrorListener listener = new BaseErrorListener() {
            @Override
            public void syntaxError(Recognizer<?, ?> from, Object symbol, int line, int column, String message,
                    RecognitionException error) {
                if (found.length() == 0) {
                    found.append(column).append(": ").append(message.replaceAll(" expecting \\{.*", ""));
                }
            }
        };
        DPLLexer lexer = new DPLLexer(CharStreams.fromString(query));
        lexer.removeErrorListeners();
        lexer.addErrorListener(listener);
        DPLParser parser = new DPLParser(new CommonTokenStream(lexer));
        parser.removeErrorListeners();
        parser.addErrorListener(listener);
        parser.root();
        return found.toString().replace('\n', ' ');
    }
}
