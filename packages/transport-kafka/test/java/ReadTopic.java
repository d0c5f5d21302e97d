import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Prints every committed record of a topic up to its present end, one JSON object a line, with the partition that Kafka's own
 * producer would have chosen. Kafka's Java consumer, so that it shares no code with what it judges.
 */
public class ReadTopic {
    public static void main(String[] args) {
        Map<String, Object> config = Map.of(
            "bootstrap.servers", args[0],
            "key.deserializer", ByteArrayDeserializer.class,
            "value.deserializer", ByteArrayDeserializer.class,
            "isolation.level", "read_committed",
            "enable.auto.commit", false);
        StringBuilder out = new StringBuilder();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
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
                System.out.print(out);
                out.setLength(0);
            }
        }
        System.out.flush();
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
