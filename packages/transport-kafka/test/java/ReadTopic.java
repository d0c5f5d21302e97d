import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * For each line with the name of a topic: prints every committed record up to the topic's present end, one JSON object a line, with
 * the partition that Kafka's own producer would have chosen, and then the line "end". Kafka's Java consumer, so that it shares no code with what it judges.
 */
public class ReadTopic {
    private static final PrintStream STDOUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String topic = in.readLine(); topic != null; topic = in.readLine()) {
            read(args[0], topic);
            STDOUT.println("end");
            STDOUT.flush();
        }
    }

    private static void read(String brokers, String topic) {
        Map<String, Object> config = Map.of(
            "bootstrap.servers", brokers,
            "key.deserializer", ByteArrayDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class,
            "isolation.level", "read_committed",
            "enable.auto.commit", false);
        StringBuilder out = new StringBuilder();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (var record : consumer.poll(Duration.ofMillis(200))) {
                    out.append("{\"partition\":").append(record.partition())
                        .append(",\"offset\":").append(record.offset())
                        .append(",\"javaPartition\":").append(record.key() == null ? -1
                            : BuiltInPartitioner.partitionForKey(record.key(), partitions.size()))
                        .append(",\"key\":").append(quoted(record.key()))
                        .append(",\"value\":").append(quoted(record.value()))
                        .append(",\"headers\":[");
                    String separator = "";
                    for (var header : record.headers()) {
                        out.append(separator).append('[')
                            .append(quoted(header.key().getBytes(StandardCharsets.UTF_8))).append(',')
                            .append(quoted(header.value())).append(']');
                        separator = ",";
                    }
                    out.append("]}\n");
                }
                STDOUT.print(out);
                out.setLength(0);
            }
        }
    }

    private static String quoted(byte[] bytes) {
        if (bytes == null) return "null";
        StringBuilder text = new StringBuilder("\"");
        for (char c : new String(bytes, StandardCharsets.UTF_8).toCharArray()) {
            if (c == '"' || c == '\\') text.append('\\').append(c);
            else if (c < 0x20) text.append(String.format("\\u%04x", (int) c));
            else text.append(c);
        }
        return text.append('"').toString();
    }
}
