package admin;

import static admin.Stage.FIRST;

import java.util.List;
import org.apache.kafka.clients.admin.AbortTransactionOptions;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.DescribeTransactionsOptions;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TerminateTransactionOptions;
import org.apache.kafka.clients.admin.TransactionState;

/** Transactions that nobody has begun, and producers that are fenced. */
final class TransactionScenes {
    private static final List<String> NAMES = List.of("transfer");

    private TransactionScenes() {
    }

    static void all(Stage stage) throws Exception {
        stage.look("of a new name", admin -> admin.fenceProducers(NAMES), "transfer");
        stage.look("again", admin -> admin.fenceProducers(NAMES, new FenceProducersOptions()), "transfer");
        stage.look("one and none", admin -> admin.describeTransactions(List.of("transfer", "nothing")), "transfer");
        stage.look("one, with options", admin -> admin.describeTransactions(
            NAMES, new DescribeTransactionsOptions()), "transfer");
        stage.look("all", admin -> admin.listTransactions());
        stage.look("those that go on", admin -> admin.listTransactions(
            new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING))));
        AbortTransactionSpec spec = new AbortTransactionSpec(FIRST, 12_345, (short) 15, 200);
        stage.look("one that is not", admin -> admin.abortTransaction(spec));
        stage.look("one that is not, again", admin -> admin.abortTransaction(spec, new AbortTransactionOptions()));
        stage.look("none", admin -> admin.forceTerminateTransaction("transfer"));
        stage.look("none, with options", admin -> admin.forceTerminateTransaction(
            "transfer", new TerminateTransactionOptions()));
    }
}
