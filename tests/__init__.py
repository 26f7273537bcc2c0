HANGS = 3600  # seconds after which what a test waits for hangs; no test is by the clock
