import { futuresSuite } from "./futures-suite.ts";

futuresSuite("inline", 0);
futuresSuite("on one thread", 1);
futuresSuite("on two threads", 2);
