const ways = `To get Redis 6.2 or later, or Valkey:
  Debian, Ubuntu   sudo apt-get update && sudo apt-get install redis-server
  Fedora           sudo dnf install valkey
  macOS            brew install redis
  without root     conda install -c conda-forge redis-server
  from source      curl -LO https://download.redis.io/redis-stable.tar.gz && tar xzf redis-stable.tar.gz &&
                   make -C redis-stable && export PATH="$PWD/redis-stable/src:$PATH"
  or set REDIS_URL to a server that runs already, for instance redis://127.0.0.1:6379`;

/** What to tell somebody who has no Redis. */
export function redisAdvice(reason: string): string {
  return `There is no Redis. ${reason}\n${ways}`;
}
