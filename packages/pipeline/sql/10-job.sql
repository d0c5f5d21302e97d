-- One job, so that the topic is read and deduplicated once.

EXECUTE STATEMENT SET
BEGIN
INSERT INTO dead_letters SELECT * FROM refused;

INSERT INTO usage_topic SELECT * FROM hourly_usage;

INSERT INTO usage_table SELECT * FROM hourly_usage;

INSERT INTO gaps_topic SELECT * FROM producer_gaps;

INSERT INTO gaps_table SELECT * FROM producer_gaps;
END;
