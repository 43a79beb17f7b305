"""Runs test modules without pytest: `micropython run.py MODULE...`."""

import sys

passed = 0
failed = 0
for name in sys.argv[1:]:
    module = __import__(name)
    for test in sorted(dir(module)):
        if test.startswith("test_"):
            try:
                getattr(module, test)()
                passed += 1
            except Exception as error:
                failed += 1
                print("FAILED", name, test)
                sys.print_exception(error)
bits = 64 if sys.maxsize > 1 << 32 else 32
print("%d passed, %d failed on %d bits" % (passed, failed, bits))
sys.exit(1 if failed else 0)
