"""What a caller is asked: flow files, prompt texts, the pure model, loader, validator and stepper."""
