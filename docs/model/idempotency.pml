/*
 * The idempotency protocol of one key, for Spin. README.md says where each step is in the code; its name stands behind it here.
 *
 * CALLS attempts, each of which may die anywhere, and a last call that comes when all is well again. Redis may forget the record, hold
 * a foreign value, give no answer or answer late, and fail over to a replica that fell behind, as often as it likes. What was sent
 * to the database may run after its attempt has given up. The time to live never ends here: test/model has that.
 *
 *   spin -a idempotency.pml && cc -O2 -DSAFETY -DNOCLAIM -o pan pan.c && ./pan -m200000         P1, P2, P3, and nobody is stuck
 *   spin -DCALLS=1 -a idempotency.pml && cc -O2 -DNFAIR=3 -o pan pan.c && ./pan -m200000 -a -f      P6: the last call gets its answer
 *
 * A bug is planted with -D, for instance spin -DCONFLICT_IGNORED -a idempotency.pml; the names are those in capitals below.
 */

#ifndef CALLS
#define CALLS 2
#endif
#define LAST CALLS          /* the number of the last call */
#define ATTEMPTS (CALLS + 1)
#define NOBODY ATTEMPTS

mtype = { ABSENT, FOREIGN, PENDING, SETTLED };
typedef Record {
  mtype kind = ABSENT;
  byte by = NOBODY;         /* the owner of a claim, or whose outcome it is */
  bool isOver               /* the lease */
};

Record redis;
Record replica;
byte row = NOBODY;          /* the ledger: the attempt whose outcome it has */
byte orders;                /* how many there are */

bit request[ATTEMPTS];      /* what each attempt asks for */
bool isSent[ATTEMPTS];      /* its statement is under way */
bool hasSettle[ATTEMPTS];   /* it has still to tell Redis its outcome, */
byte outcome[ATTEMPTS] = NOBODY;
bool hasRelease[ATTEMPTS];  /* or to release its claim, */
bool hasBegin[ATTEMPTS];    /* or a late begin is under way */

bool isWell;                /* nothing fails any more */
bool isAnswered;            /* the last call is */

#define isOther(attempt) (request[attempt] != request[me])
#define isOwn (redis.kind == PENDING && redis.by == me)

inline claim() {
  redis.kind = PENDING; redis.by = me; redis.isOver = false
}

inline forget() {
  redis.kind = ABSENT; redis.by = NOBODY; redis.isOver = false
}

inline settle(attempt, whose) {
  if
#ifdef OWNER_CHECK_DROPPED
  :: true ->
#else
  :: redis.kind == ABSENT || (redis.kind == PENDING && redis.by == attempt) ->
#endif
    redis.kind = SETTLED; redis.by = whose; redis.isOver = false
  :: else
  fi
}

/* The statement of an attempt: order and entry, or neither. */
inline insert(attempt) {
  isSent[attempt] = false;
  if
  :: row == NOBODY -> row = attempt; orders++
#ifdef LEDGER_OUTSIDE_TRANSACTION
  :: else -> orders++
#else
  :: else
#endif
  fi;
  assert(orders <= 1)                                                     /* P1 */
}

/* The caller gets an outcome. */
inline answer() {
  assert(row != NOBODY && orders == 1);                                   /* P1 */
  assert(outcome[me] == row);                                             /* P2 */
  assert(!isOther(outcome[me]))                                           /* P3 */
}

inline refuse() {
  assert(row == NOBODY || isOther(row))                                   /* P3: not wrongly */
}

proctype Attempt(byte me) {
  if
  :: request[me] = 0                                                      /* call */
#if CALLS == 1
  :: me > 0 -> request[me] = 1                                            /* altered-call */
#else
  :: me > 0 && me < LAST -> request[me] = 1                               /* altered-call */
#endif
  fi;

asking:
  if
  :: atomic { redis.kind == ABSENT -> claim() };                          /* begin-fresh */
    goto handler
  :: atomic { redis.kind == PENDING && !isOther(redis.by) && redis.isOver && redis.by != me -> claim() };
                                                                          /* begin-takeover */
#ifdef TAKEOVER_WITHOUT_LEDGER
    goto handler
#else
    goto ledger
#endif
#ifdef FINGERPRINT_NOT_COMPARED
  :: atomic { redis.kind == SETTLED -> outcome[me] = redis.by };          /* begin-settled */
#else
  :: atomic { redis.kind == SETTLED && !isOther(redis.by) -> outcome[me] = redis.by };
                                                                          /* begin-settled */
#endif
    goto answering
#ifdef MISMATCH_TRUSTED
  :: atomic { (redis.kind == SETTLED || redis.kind == PENDING) && isOther(redis.by) -> refuse() }; goto ended
#else
#ifndef FINGERPRINT_NOT_COMPARED
  :: redis.kind == SETTLED && isOther(redis.by) -> goto ledger            /* begin-mismatch-settled */
#endif
  :: redis.kind == PENDING && isOther(redis.by) -> goto despiteClaim      /* begin-mismatch-pending */
#endif
  :: redis.kind == FOREIGN -> goto ledger                                 /* begin-foreign */
  :: !isWell -> goto ledger                                               /* begin-unanswered */
  :: atomic { !isWell && redis.kind == ABSENT -> claim() }; goto ledger   /* begin-unheard */
  :: !isWell -> hasBegin[me] = true; goto ledger                          /* begin-delayed */
  :: !isWell -> goto ended                                                /* crash */
  /* Otherwise it waits, and looks again when anything has changed: begin-in-progress. */
  fi;

ledger:
  if
  :: atomic { row == NOBODY -> skip }; goto handler                       /* ledger-new */
  :: atomic { row != NOBODY && !isOther(row) -> outcome[me] = row; hasSettle[me] = true };
                                                                          /* ledger-outcome */
    goto answering
  :: atomic { row != NOBODY && isOther(row) -> hasRelease[me] = true; refuse() }; goto ended
                                                                          /* ledger-refusal */
  :: atomic { !isWell -> hasRelease[me] = true }; goto ended              /* ledger-unanswered */
  :: !isWell -> goto ended                                                /* crash */
  fi;

despiteClaim:
  if
  :: atomic { row != NOBODY && !isOther(row) -> outcome[me] = row };      /* despite-outcome */
    goto answering
  :: atomic { row != NOBODY && isOther(row) -> refuse() }; goto ended     /* despite-refusal */
  /* Refused for a claim alone, a caller is told that the key is another request's. The last one tries again: dead claims go. */
  :: atomic { row == NOBODY && me != LAST -> refuse() }; goto ended       /* despite-refusal */
  :: row == NOBODY && me == LAST -> goto asking
  :: !isWell -> goto ended                                                /* crash */
  fi;

handler:
  if
  :: atomic { isSent[me] = true };                                        /* handler-ok */
#ifdef ANSWER_BEFORE_COMMIT
    outcome[me] = me; hasSettle[me] = true; goto answering
#endif
#ifdef SETTLED_BEFORE_COMMIT
    atomic { settle(me, me) };
#endif
    goto committing
  :: atomic { !isWell -> hasRelease[me] = true }; goto ended              /* give-back */
  :: atomic { !isWell && isOwn -> redis.isOver = false }; goto handler    /* renew */
  :: !isWell -> goto ended                                                /* crash */
  fi;

committing:
  if
  :: atomic { isSent[me] -> insert(me) }                                  /* statement-runs */
  :: !isSent[me]
  :: atomic { !isWell && isSent[me] -> isSent[me] = false }; goto handler /* statement-refused */
  :: atomic { !isWell -> hasRelease[me] = true }; goto ended              /* outcome-unknown */
  :: !isWell -> goto ended                                                /* crash */
  fi;
  if
#ifdef CONFLICT_IGNORED
  :: atomic { outcome[me] = me; hasSettle[me] = true }; goto answering
#else
  :: atomic { row == me -> outcome[me] = me; hasSettle[me] = true };      /* commit-told */
    goto answering
  :: row != me -> goto rival                                              /* conflict-told */
#endif
  :: atomic { !isWell -> hasRelease[me] = true }; goto ended              /* outcome-unknown */
  :: !isWell -> goto ended                                                /* crash */
  fi;

rival:
  if
  :: atomic { !isOther(row) -> outcome[me] = row; hasSettle[me] = true }; /* rival-outcome */
    goto answering
  :: atomic { isOther(row) -> hasRelease[me] = true; refuse() }; goto ended
                                                                          /* rival-refusal */
  :: atomic { !isWell -> hasRelease[me] = true }; goto ended              /* ledger-unanswered */
  :: !isWell -> goto ended                                                /* crash */
  fi;

answering:
  if
  :: answer()                                                             /* answer */
  :: !isWell -> skip                                                      /* answer-lost */
  fi;

ended:
  if
  :: me == LAST -> isAnswered = true
  :: else
  fi
}

/* What an attempt has sent arrives when it likes, or never. */
proctype Network(byte me) {
end:
  do
  :: atomic { hasSettle[me] -> hasSettle[me] = false; settle(me, outcome[me]) }    /* settle */
  :: atomic { hasSettle[me] && isOwn -> forget() }                                 /* late-release */
#ifdef RELEASE_WITHOUT_OWNER_CHECK
  :: atomic { hasRelease[me] -> hasRelease[me] = false; forget() }                 /* release */
#else
  :: atomic { hasRelease[me] && isOwn -> hasRelease[me] = false; forget() }        /* release */
  :: atomic { hasRelease[me] && !isOwn -> hasRelease[me] = false }                 /* release */
#endif
  :: atomic { hasBegin[me] -> hasBegin[me] = false;                                /* late-begin */
      if
      :: redis.kind == ABSENT || isOwn -> claim()
      :: redis.kind == PENDING && !isOwn && redis.isOver && !isOther(redis.by) -> claim()
      :: else
      fi
    }
  :: atomic { isSent[me] -> insert(me) }                                           /* statement-runs */
  od
}

/* The time, which goes on when all is well, too. */
proctype Time() {
end:
  do
#ifndef CLAIM_WITHOUT_LEASE
  :: atomic { redis.kind == PENDING && !redis.isOver -> redis.isOver = true }   /* lease-over */
#endif
  :: atomic { redis.kind == PENDING && redis.isOver -> forget() }               /* claim-gone */
  od
}

/* Redis does what it likes, until all is well again; then comes the last call. */
proctype Trouble() {
  do
  :: atomic { redis.kind != ABSENT -> forget() }                                /* redis-forgets */
  :: atomic { redis.kind != FOREIGN -> redis.kind = FOREIGN; redis.by = NOBODY; redis.isOver = false }
                                                                                /* foreign-value */
  :: atomic { replica.kind = redis.kind; replica.by = redis.by; replica.isOver = redis.isOver }
                                                                                /* replica-falls-behind */
  :: atomic { redis.kind = replica.kind; redis.by = replica.by; redis.isOver = replica.isOver }
                                                                                /* stale-failover */
  :: isWell = true; break
  od;
  run Attempt(LAST)
}

init {
  byte attempt;
  atomic {
    for (attempt : 0 .. CALLS - 1) {
      run Attempt(attempt);
      run Network(attempt)
    }
    run Network(LAST);
    run Time();
    run Trouble()
  }
}

ltl P6 { [] (isWell -> <> isAnswered) }
