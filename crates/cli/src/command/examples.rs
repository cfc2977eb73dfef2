//! Examples that help shows below the flags. `tests/looking.rs` runs them.

pub const READ: &str = "\
Examples:
  kaframe read orders                                        the first 20 rows; on a pipe all of them
  kaframe read orders --since -1h --where \"amount > 100\"     the last hour, filtered
  kaframe read orders --columns id,amount -f csv > rows.csv
  kaframe read orders returns --tail 100                     the newest 100 of two topics";

pub const HEAD: &str = "\
Examples:
  kaframe head orders
  kaframe head orders -n 3 --start 500                       three from offset 500 of each partition on";

pub const TAIL: &str = "\
Examples:
  kaframe tail orders -n 20
  kaframe tail orders --follow -f '%T %k %s\\n'               then new ones, by a template of kcat";

pub const SUMMARIZE: &str = "\
Examples:
  kaframe summarize orders
  kaframe summarize orders returns --since -1d
  kaframe summarize orders --json";

pub const INFO: &str = "\
Examples:
  kaframe info orders
  kaframe info orders -f json";

pub const EXPORT: &str = "\
Examples:
  kaframe export orders -w orders.parquet
  kaframe export orders -w by_day/ --partition-by 'day(_timestamp)'
  kaframe export orders -w all/ --state orders.state         run it again: only what is new is added
  kaframe export orders returns -w both/ -f csv              a file for each topic";

pub const WRITE: &str = "\
Examples:
  kaframe write orders < rows.ndjson                         one JSON object a line
  kaframe write orders --key id < rows.ndjson                the field id is the key
  kaframe write orders rows.parquet
  kaframe read orders | kaframe write copy                   what read prints can be written";

pub const TOPICS: &str = "\
Examples:
  kaframe topics
  kaframe topics 'ord*'
  kaframe topics create orders --partitions 6
  kaframe topics describe orders
  kaframe topics delete orders";

pub const COUNT: &str = "\
Examples:
  kaframe count orders
  kaframe count orders --since -1d --where \"country = 'DE'\"
  kaframe count 'ord*' --at-most                             by offsets alone, at once";

pub const SQL: &str = "\
Examples:
  kaframe sql 'select country, count(*) from orders group by country'
  kaframe sql --table prices=prices.csv 'select * from orders join prices using (sku)' -f csv
  kaframe sql                                                a prompt: \\d lists topics, \\q ends it";

pub const PLAN: &str = "\
Examples:
  kaframe plan orders
  kaframe plan orders --since -1h --where 'amount > 100'";

pub const BROKER: &str = "\
Examples:
  kaframe broker --port 9092 --topic orders:3
  kaframe broker --port 0 --version 2.8                      any free port, posing as Kafka 2.8";

pub const DEMO: &str = "\
Examples:
  kaframe demo";

pub const COMPLETIONS: &str = "\
Examples:
  source <(kaframe completions bash)                         in ~/.bashrc
  kaframe completions fish > ~/.config/fish/completions/kaframe.fish";

pub const VERSION: &str = "\
Examples:
  kaframe version";
