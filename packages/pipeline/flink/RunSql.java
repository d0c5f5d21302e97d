import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs a file of Flink SQL on a mini-cluster in this process, as `sql-client.sh -f` runs it on a cluster, and goes on from the newest
 * checkpoint when there is one.
 *
 * <p>Usage: {@code java -cp 'jars/*' RunSql.java job.sql [plan.json]}; with a second file it runs nothing and writes
 * the plan there, the time to live of every state included. Options of Flink that belong to the machine and not to the job are
 * taken from the environment variable FLINK_PROPERTIES, one {@code name: value} a line.
 */
public class RunSql {
    private static final Pattern SET = Pattern.compile("SET\\s+'([^']+)'\\s*=\\s*'([^']*)'", Pattern.CASE_INSENSITIVE);

    public static void main(String[] args) {
        try {
            run(args);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            // Threads of the mini-cluster would keep the process alive.
            System.exit(1);
        }
    }

    private static void run(String[] args) throws Exception {
        List<String> statements = split(Files.readString(Path.of(args[0])));
        Configuration config = new Configuration();
        for (String line : Optional.ofNullable(System.getenv("FLINK_PROPERTIES")).orElse("").split("\n")) {
            int colon = line.indexOf(": ");
            if (colon > 0) config.setString(line.substring(0, colon).strip(), line.substring(colon + 2).strip());
        }
        List<String> rest = new ArrayList<>();
        for (String statement : statements) {
            Matcher set = SET.matcher(statement);
            if (set.matches()) config.setString(set.group(1), set.group(2));
            else rest.add(statement);
        }
        String checkpoints = config.getString("execution.checkpointing.dir", "");
        Optional<Path> newest = checkpoints.isEmpty() ? Optional.empty() : newestCheckpoint(checkpoints);
        newest.ifPresent(path -> config.setString("execution.state-recovery.path", path.toUri().toString()));
        System.out.println(newest.map(path -> "continues from " + path).orElse("starts from the beginning"));

        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.newInstance().withConfiguration(config).build());
        for (String statement : rest) {
            boolean isJob = statement.startsWith("EXECUTE STATEMENT SET");
            if (isJob && args.length > 1) {
                tables.executeSql("COMPILE PLAN '" + args[1] + "' FOR " + statement.substring("EXECUTE ".length()));
            } else {
                var result = tables.executeSql(statement);
                if (isJob) {
                    System.out.println("running " + result.getJobClient().orElseThrow().getJobID());
                    result.await();
                }
            }
        }
    }

    /** A statement ends with a semicolon at the end of a line; a statement set ends with END. */
    private static List<String> split(String sql) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        boolean inSet = false;
        for (String line : sql.split("\n")) {
            if (line.strip().startsWith("--") || line.isBlank()) continue;
            statement.append(line).append('\n');
            inSet |= line.strip().equals("BEGIN");
            if (line.strip().equals("END;")) inSet = false;
            if (inSet || !line.strip().endsWith(";")) continue;
            String text = statement.toString().strip();
            statements.add(text.substring(0, text.length() - 1));
            statement.setLength(0);
        }
        return statements;
    }

    private static Optional<Path> newestCheckpoint(String folder) throws IOException {
        Path root = Path.of(java.net.URI.create(folder));
        if (!Files.exists(root)) return Optional.empty();
        try (Stream<Path> files = Files.walk(root, 3)) {
            // Only a finished checkpoint has this file.
            return files.filter(file -> file.getFileName().toString().equals("_metadata"))
                .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                .map(Path::getParent);
        }
    }
}
