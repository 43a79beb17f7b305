"""The virtual bedside: a pump, a patient, a bag and sensors for the real firmware to watch."""
