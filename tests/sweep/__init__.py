"""The whole proof: every rule of the public corpus, every target, every engine that is here.

python -m tests.sweep                 all of it; writes docs/verification.md
python -m tests.sweep --sample 100    that many rules, chosen by a hash of the code; writes nothing
"""
